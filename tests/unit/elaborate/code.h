// Elaborates a piece of .nn text, and runs what comes out with the reference evaluator.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "elaborate/elaborator.h"
#include "ir/tensor.h"

namespace nnc::elaborate::tests {

/// The text of one file, elaborated on demand.
///
/// `«` and `»` in the text mark the place that an error must blame; they are taken out.
class Code {
 public:
  explicit Code(std::string text);
  ~Code();

  /// The value of a module-level `let`, as text; the messages if there are any.
  std::string constant(const std::string& name);
  /// Applies a fn, layer or network of fixed shapes as instance `net`: its data arguments count 1, 2, 3, .. (ints: 0,
  /// 1, 2, 0, ..) unless given in `inputs`. False: see messages().
  bool apply(const std::string& name, Mode mode = Mode::Eval);
  /// The results of the applied function: slots have their initial values, or those of `slots` by path.
  std::vector<double> run();
  /// The type of the result, `f32[2, 3]`.
  std::string type() const;
  /// The ops of the applied function in order: `contract broadcast add`. Constants and iotas are left out.
  std::string ops() const;
  /// Paths of the slots in order.
  std::vector<std::string> slots() const;
  const SlotRecord& slot(const std::string& path);
  /// The initial value of a slot under a seed.
  std::vector<double> initial(const std::string& path, std::int64_t seed = 0);
  /// The keys of all draws of the applied function.
  std::vector<std::uint64_t> keys() const;
  /// The bounds of the traced ints that indexed something.
  std::vector<std::int64_t> labelBounds() const;
  /// All messages: `E0101 at «y»: text`.
  std::string messages() const;
  /// `E0204 message`, when exactly one error blames the marked place; what there is instead otherwise.
  std::string errorAtMark() const;
  /// The advice and the other places of the first message, one a line.
  std::string advice() const;

  std::map<std::string, ir::Tensor> inputs;
  std::map<std::string, ir::Tensor> slotValues;

 private:
  std::optional<Value> look(const std::string& name);
  ir::Tensor slotTensor(const SlotRecord& record);

  SourceManager sources_;
  Diagnostics diagnostics_;
  std::string path_;
  FileId file_;
  std::uint32_t markBegin_ = 0, markEnd_ = 0;
  std::unique_ptr<Modules> modules_;
  std::unique_ptr<Elaborator> elaborator_;
  ir::Module module_;
  ir::FunctionId function_;
  std::unique_ptr<Trace> trace_;
  std::map<std::string, ir::Tensor> arguments_;
};

/// A tensor of these values.
ir::Tensor tensor(const ir::Type& type, const std::vector<double>& values);
ir::Type f32(ir::Shape shape);

/// The one message for `text` when the constant, fn or layer `f` is elaborated, with its place marked in `text`.
std::string errorOf(const std::string& text, Mode mode = Mode::Eval);

}  // namespace nnc::elaborate::tests
