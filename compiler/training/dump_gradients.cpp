#include "training/dump_gradients.h"

#include "training/run_folder.h"
#include "training/weights.h"

namespace nnc::training {

bool DumpGradients::observe(const StepView& view, Diagnostics& diagnostics) {
  if (view.next == nullptr) return true;  // a resumed run that has no step left
  BatchCall* const call = session_.call(ProgramKind::Gradient, view.next->count);
  if (call == nullptr) return false;
  call->run(*view.next);
  runtime::TensorFile file;
  for (std::size_t i = 0; i < call->resultCount(); ++i) {
    runtime::NamedArray& array = file.tensors.emplace_back();
    array.name = call->name(i);
    array.array.element = elementOf(call->type(i).dtype);
    array.array.shape = call->type(i).shape;
    array.array.bytes.assign(call->result(i), call->result(i) + call->type(i).byteCount());
  }
  return writeOutput(path_, encodeTensors(path_, file), diagnostics);
}

}  // namespace nnc::training
