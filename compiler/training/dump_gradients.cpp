#include "training/dump_gradients.h"

#include "nnc/npz.h"
#include "training/run_folder.h"

namespace nnc::training {

bool DumpGradients::observe(const StepView& view, Diagnostics& diagnostics) {
  if (view.next == nullptr) return true;  // a resumed run that has no step left
  BatchCall* const call = session_.call(ProgramKind::Gradient, view.next->count);
  if (call == nullptr) return false;
  call->run(*view.next);
  std::vector<runtime::NamedArray> arrays;
  for (std::size_t i = 0; i < call->resultCount(); ++i) {
    runtime::NamedArray& array = arrays.emplace_back();
    array.name = call->name(i);
    array.array.element = elementOf(call->type(i).dtype);
    array.array.shape = call->type(i).shape;
    array.array.bytes.assign(call->result(i), call->result(i) + call->type(i).byteCount());
  }
  return writeOutput(path_, runtime::encodeNpz(arrays), diagnostics);
}

}  // namespace nnc::training
