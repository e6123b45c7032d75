#include "ir/parse_attributes.h"

#include <iterator>
#include <limits>
#include <optional>
#include <vector>

#include "ir/attribute_fields.h"

namespace nnc::ir::text {

namespace {

constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr int kLeastInt = std::numeric_limits<int>::min();
constexpr int kMostInt = std::numeric_limits<int>::max();

/// Reads one value into a field, by the type of the field.
class FieldReader {
 public:
  FieldReader(Reader& reader, const FunctionIds& functions) : reader_(reader), functions_(functions) {}

  bool read(int& field) { return assign(field, reader_.readInteger(kLeastInt, kMostInt)); }
  bool read(std::int64_t& field) { return assign(field, reader_.readInteger(kLeast, kMost)); }
  bool read(std::uint64_t& field) { return assign(field, reader_.readHexadecimal()); }
  bool read(double& field) { return assign(field, reader_.readReal(DType::F64)); }
  bool read(bool& field) {
    static constexpr const char* kWords[] = {"false", "true"};
    return readChoice(field, kWords);
  }
  bool read(std::string& field) { return assign(field, reader_.readString()); }
  bool read(Shape& field) { return assign(field, reader_.readIntegers(kLeast, kMost)); }
  bool read(std::vector<int>& field) {
    const std::optional<Shape> values = reader_.readIntegers(kLeastInt, kMostInt);
    if (!values) return false;
    field.assign(values->begin(), values->end());
    return true;
  }
  bool read(Predicate& field) { return readChoice(field, kPredicates); }
  bool read(ScatterMode& field) { return readChoice(field, kScatterModes); }
  bool read(CallKind& field) { return readChoice(field, kCallKinds); }
  bool read(FunctionId& field) {
    const Span where = reader_.span(reader_.peek());
    const std::optional<std::string> name = reader_.readFunctionName();
    if (!name) return false;
    const auto at = functions_.find(*name);
    if (at == functions_.end()) return reader_.fail(where, fmt::format("there is no function `@{}`", *name));
    field = at->second;
    return true;
  }
  bool read(std::optional<FunctionId>& field) { return read(field.emplace()); }
  bool read(std::vector<WindowDim>& field) {
    if (!reader_.expect("[")) return false;
    if (reader_.accept("]")) return true;
    do {
      WindowDim dim;
      const bool isRead = reader_.expectWord("axis") && read(dim.axis) && reader_.expectWord("size") &&
                          read(dim.size) && reader_.expectWord("stride") && read(dim.stride) &&
                          reader_.expectWord("dilation") && read(dim.dilation);
      if (!isRead) return false;
      field.push_back(dim);
    } while (reader_.accept(","));
    return reader_.expect("]");
  }

 private:
  template <typename T, typename U>
  static bool assign(T& field, std::optional<U> value) {
    if (value) field = static_cast<T>(std::move(*value));
    return value.has_value();
  }
  template <typename T, std::size_t kCount>
  bool readChoice(T& field, const char* const (&words)[kCount]) {
    for (std::size_t i = 0; i < kCount; ++i) {
      if (!reader_.acceptWord(words[i])) continue;
      field = static_cast<T>(i);
      return true;
    }
    return reader_.unexpected(fmt::format("one of {}", fmt::join(words, ", ")));
  }

  Reader& reader_;
  const FunctionIds& functions_;
};

/// Reads `name = value`.
template <typename A>
bool readField(Reader& reader, FieldReader& fields, Op op, A& attributes, std::vector<std::string>& given) {
  const Span where = reader.span(reader.peek());
  const std::optional<std::string> name = reader.readWord("the name of an attribute");
  if (!name) return false;
  for (const std::string& other : given)
    if (other == *name) return reader.fail(where, fmt::format("the attribute `{}` is given twice", *name));
  given.push_back(*name);
  bool isKnown = false, isRead = false;
  eachField(attributes, [&](const char* field, auto& target, Presence) {
    if (*name != field) return;
    isKnown = true;
    isRead = reader.expect("=") && fields.read(target);
  });
  if (!isKnown) return reader.fail(where, fmt::format("`{}` has no attribute `{}`", opInfo(op).name, *name));
  return isRead;
}

}  // namespace

Attributes emptyAttributes(Op op) {
  switch (op) {
#define NNC_OP(NAME, TEXT, LEAST, MOST, CLASS, ATTRIBUTES, DOC) \
  case Op::NAME:                                                \
    return ATTRIBUTES{};
#include "ir/ops.def"
#undef NNC_OP
  }
  return NoAttributes{};
}

bool readAttributes(Reader& reader, const FunctionIds& functions, Op op, Span opSpan, Attributes& attributes) {
  FieldReader fields(reader, functions);
  std::vector<std::string> given;
  if (reader.accept("{")) {
    do {
      if (!std::visit([&](auto& a) { return readField(reader, fields, op, a, given); }, attributes)) return false;
    } while (reader.accept(","));
    if (!reader.expect("}")) return false;
  }
  std::string missing;
  const auto findMissing = [&](const char* field, auto&, Presence presence) {
    bool isGiven = presence == Presence::UnlessDefault;
    for (const std::string& name : given) isGiven = isGiven || name == field;
    if (!isGiven && missing.empty()) missing = field;
  };
  std::visit([&](auto& a) { eachField(a, findMissing); }, attributes);
  return missing.empty() || reader.fail(opSpan, fmt::format("`{}` needs the attribute `{}`", opInfo(op).name, missing));
}

void takeFromResult(Attributes& attributes, const Type& result) {
  if (auto* constant = std::get_if<ConstAttributes>(&attributes)) constant->type = result;
  if (auto* iota = std::get_if<IotaAttributes>(&attributes)) iota->type = result;
  if (auto* random = std::get_if<RandomAttributes>(&attributes)) random->type = result;
  if (auto* cast = std::get_if<CastAttributes>(&attributes)) cast->dtype = result.dtype;
  if (auto* reshape = std::get_if<ReshapeAttributes>(&attributes)) reshape->shape = result.shape;
  if (auto* broadcast = std::get_if<BroadcastAttributes>(&attributes)) broadcast->shape = result.shape;
  if (auto* unwindow = std::get_if<UnwindowAttributes>(&attributes)) unwindow->shape = result.shape;
}

}  // namespace nnc::ir::text
