// The shape rule of each op: one function per row of ops.def, named after it. A missing one does not link.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "ir/module.h"
#include "support/checked.h"

namespace nnc::ir {

namespace {

struct Input {
  const Module& module;
  const std::vector<Type>& operands;
  const Attributes& attributes;

  const Type& operand(int i) const { return operands[i]; }
  template <typename A>
  const A& as() const {
    return std::get<A>(attributes);
  }
};

InferredTypes fail(std::string error) { return {{}, std::move(error)}; }
InferredTypes one(DType dtype, Shape shape) { return {{Type{dtype, std::move(shape)}}, ""}; }
InferredTypes one(Type type) { return {{std::move(type)}, ""}; }

bool isAxis(int axis, const Type& type) { return axis >= 0 && axis < type.rank(); }
std::string noAxis(int axis, const Type& type) { return fmt::format("axis {} of a rank-{} tensor", axis, type.rank()); }

/// Two operands of one dtype and one shape.
std::string sameTypeError(const Type& a, const Type& b) {
  if (a.dtype != b.dtype) return fmt::format("dtypes {} and {} differ", dtypeName(a.dtype), dtypeName(b.dtype));
  if (a.rank() != b.rank()) return fmt::format("shapes {} and {} differ in rank", toString(a.shape), toString(b.shape));
  for (int i = 0; i < a.rank(); ++i)
    if (a.shape[i] != b.shape[i]) return fmt::format("axis {}: {} and {} differ", i, a.shape[i], b.shape[i]);
  return "";
}

InferredTypes floatUnary(const Input& in) {
  if (!isFloat(in.operand(0).dtype)) return fail(fmt::format("{} is no float", toString(in.operand(0))));
  return one(in.operand(0));
}
InferredTypes numberUnary(const Input& in) {
  if (in.operand(0).dtype == DType::Bool) return fail("bool is no number");
  return one(in.operand(0));
}
InferredTypes binary(const Input& in, bool allowsBool) {
  if (std::string error = sameTypeError(in.operand(0), in.operand(1)); !error.empty()) return fail(std::move(error));
  if (!allowsBool && in.operand(0).dtype == DType::Bool) return fail("bool is no number");
  return one(in.operand(0));
}

InferredTypes inferConst(const Input& in) {
  const auto& a = in.as<ConstAttributes>();
  const std::size_t given = isFloat(a.type.dtype) ? a.reals.size() : a.integers.size();
  const std::size_t other = isFloat(a.type.dtype) ? a.integers.size() : a.reals.size();
  const auto wanted =
      a.isSplat ? std::size_t{1} : static_cast<std::size_t>(checkedElementCount(a.type.shape).value_or(-1));
  if (given != wanted || other != 0) return fail(fmt::format("{} elements for {}", given, toString(a.type)));
  return one(a.type);
}
InferredTypes inferIota(const Input& in) {
  const auto& a = in.as<IotaAttributes>();
  if (a.type.dtype != DType::I32 && a.type.dtype != DType::I64) return fail("iota is i32 or i64");
  if (!isAxis(a.axis, a.type)) return fail(noAxis(a.axis, a.type));
  return one(a.type);
}
InferredTypes inferRandom(const Input& in) {
  const auto& a = in.as<RandomAttributes>();
  const Type scalar{DType::I64, {}};
  if (in.operand(0) != scalar || in.operand(1) != scalar) return fail("seed and counter are scalars of i64");
  if (!isFloat(a.type.dtype) && a.type.dtype != DType::I32) return fail("random is of a float type or i32");
  return one(a.type);
}
InferredTypes inferNeg(const Input& in) { return numberUnary(in); }
InferredTypes inferExp(const Input& in) { return floatUnary(in); }
InferredTypes inferLog(const Input& in) { return floatUnary(in); }
InferredTypes inferSqrt(const Input& in) { return floatUnary(in); }
InferredTypes inferSin(const Input& in) { return floatUnary(in); }
InferredTypes inferTanh(const Input& in) { return floatUnary(in); }
InferredTypes inferFloor(const Input& in) { return floatUnary(in); }
InferredTypes inferCast(const Input& in) { return one(in.as<CastAttributes>().dtype, in.operand(0).shape); }
InferredTypes inferAdd(const Input& in) { return binary(in, false); }
InferredTypes inferMul(const Input& in) { return binary(in, true); }
InferredTypes inferDiv(const Input& in) { return binary(in, false); }
InferredTypes inferMax(const Input& in) { return binary(in, true); }
InferredTypes inferRem(const Input& in) { return binary(in, false); }
InferredTypes inferCompare(const Input& in) {
  if (std::string error = sameTypeError(in.operand(0), in.operand(1)); !error.empty()) return fail(std::move(error));
  return one(DType::Bool, in.operand(0).shape);
}
InferredTypes inferSelect(const Input& in) {
  if (in.operand(0).dtype != DType::Bool)
    return fail(fmt::format("the condition is {}, not bool", toString(in.operand(0))));
  if (std::string error = sameTypeError(in.operand(1), in.operand(2)); !error.empty()) return fail(std::move(error));
  if (in.operand(0).shape != in.operand(1).shape)
    return fail(fmt::format("condition {} and branches {} differ", toString(in.operand(0).shape),
                            toString(in.operand(1).shape)));
  return one(in.operand(1));
}
InferredTypes inferReshape(const Input& in) {
  const Shape& shape = in.as<ReshapeAttributes>().shape;
  if (std::string error = shapeLimitError(shape); !error.empty()) return fail(std::move(error));
  if (*checkedElementCount(shape) != in.operand(0).elementCount())
    return fail(fmt::format("{} has {} elements, {} has {}", toString(in.operand(0).shape),
                            in.operand(0).elementCount(), toString(shape), *checkedElementCount(shape)));
  return one(in.operand(0).dtype, shape);
}
InferredTypes inferTranspose(const Input& in) {
  const std::vector<int>& perm = in.as<TransposeAttributes>().perm;
  std::vector<int> sorted = perm;
  std::sort(sorted.begin(), sorted.end());
  bool isPermutation = static_cast<int>(perm.size()) == in.operand(0).rank();
  for (std::size_t i = 0; i < sorted.size(); ++i) isPermutation = isPermutation && sorted[i] == static_cast<int>(i);
  if (!isPermutation)
    return fail(
        fmt::format("[{}] is no permutation of the axes of {}", fmt::join(perm, ", "), toString(in.operand(0))));
  Shape shape;
  for (const int axis : perm) shape.push_back(in.operand(0).shape[axis]);
  return one(in.operand(0).dtype, shape);
}
InferredTypes inferBroadcast(const Input& in) {
  const auto& a = in.as<BroadcastAttributes>();
  if (std::string error = shapeLimitError(a.shape); !error.empty()) return fail(std::move(error));
  if (static_cast<int>(a.dims.size()) != in.operand(0).rank())
    return fail(fmt::format("{} dims for rank {}", a.dims.size(), in.operand(0).rank()));
  for (std::size_t i = 0; i < a.dims.size(); ++i) {
    if (a.dims[i] < 0 || a.dims[i] >= static_cast<int>(a.shape.size()))
      return fail(fmt::format("dim {} is no axis of {}", a.dims[i], toString(a.shape)));
    if (i > 0 && a.dims[i] <= a.dims[i - 1]) return fail("dims are not strictly increasing");
    if (in.operand(0).shape[i] != a.shape[a.dims[i]])
      return fail(fmt::format("axis {} of {} becomes axis {} of {}", i, toString(in.operand(0).shape), a.dims[i],
                              toString(a.shape)));
  }
  return one(in.operand(0).dtype, a.shape);
}
InferredTypes inferSlice(const Input& in) {
  const auto& a = in.as<SliceAttributes>();
  const Type& x = in.operand(0);
  const auto rank = static_cast<std::size_t>(x.rank());
  if (a.lo.size() != rank || a.hi.size() != rank || a.step.size() != rank)
    return fail("lo, hi and step have one entry per axis");
  Shape shape;
  for (std::size_t i = 0; i < rank; ++i) {
    if (a.step[i] <= 0) return fail(fmt::format("axis {}: step {} is not positive", i, a.step[i]));
    if (a.lo[i] < 0 || a.lo[i] > a.hi[i] || a.hi[i] > x.shape[i])
      return fail(fmt::format("axis {}: {}..{} of {}", i, a.lo[i], a.hi[i], x.shape[i]));
    const std::int64_t length = a.hi[i] - a.lo[i];
    shape.push_back(length == 0 ? 0 : (length - 1) / a.step[i] + 1);
  }
  return one(x.dtype, shape);
}
InferredTypes inferPad(const Input& in) {
  const auto& a = in.as<PadAttributes>();
  const Type& x = in.operand(0);
  const auto rank = static_cast<std::size_t>(x.rank());
  if (a.lo.size() != rank || a.hi.size() != rank || a.interior.size() != rank)
    return fail("lo, hi and interior have one entry per axis");
  Shape shape;
  for (std::size_t i = 0; i < rank; ++i) {
    if (a.lo[i] < 0 || a.hi[i] < 0 || a.interior[i] < 0) return fail(fmt::format("axis {}: negative padding", i));
    const Checked size =
        Checked(a.lo[i]) + a.hi[i] + x.shape[i] + Checked(std::max<std::int64_t>(0, x.shape[i] - 1)) * a.interior[i];
    if (!size.value()) return fail(fmt::format("axis {}: the padded size overflows", i));
    shape.push_back(*size.value());
  }
  if (std::string error = shapeLimitError(shape); !error.empty()) return fail(std::move(error));
  return one(x.dtype, shape);
}
InferredTypes inferConcat(const Input& in) {
  const int axis = in.as<ConcatAttributes>().axis;
  Type type = in.operand(0);
  if (!isAxis(axis, type)) return fail(noAxis(axis, type));
  Checked size(0);
  for (const Type& operand : in.operands) {
    Type aligned = operand;
    if (operand.rank() == type.rank()) aligned.shape[axis] = type.shape[axis];
    if (std::string error = sameTypeError(type, aligned); !error.empty()) return fail(std::move(error));
    size = size + operand.shape[axis];
  }
  type.shape[axis] = size.value().value_or(-1);
  if (std::string error = shapeLimitError(type.shape); !error.empty()) return fail(std::move(error));
  return one(std::move(type));
}

/// Shape of the windows of `x`, or a reason. Each axis is windowed at most once.
std::string windowShape(const Shape& x, const std::vector<WindowDim>& dims, Shape& result) {
  result = x;
  std::vector<bool> seen(x.size());
  for (const WindowDim& dim : dims) {
    if (dim.axis < 0 || dim.axis >= static_cast<int>(x.size()))
      return fmt::format("axis {} of a rank-{} tensor", dim.axis, x.size());
    if (seen[dim.axis]) return fmt::format("axis {} twice", dim.axis);
    seen[dim.axis] = true;
    if (dim.size < 1 || dim.stride < 1 || dim.dilation < 1) return "size, stride and dilation are positive";
    const std::optional<std::int64_t> extent = (Checked(dim.size - 1) * dim.dilation + 1).value();
    if (!extent || *extent > x[dim.axis])
      return fmt::format("a window of extent {} on axis {} of size {}", extent.value_or(-1), dim.axis, x[dim.axis]);
    result[dim.axis] = (x[dim.axis] - *extent) / dim.stride + 1;
  }
  for (const WindowDim& dim : dims) result.push_back(dim.size);
  return shapeLimitError(result);
}
InferredTypes inferWindow(const Input& in) {
  Shape shape;
  if (std::string error = windowShape(in.operand(0).shape, in.as<WindowAttributes>().dims, shape); !error.empty())
    return fail(std::move(error));
  return one(in.operand(0).dtype, shape);
}
InferredTypes inferUnwindow(const Input& in) {
  const auto& a = in.as<UnwindowAttributes>();
  if (in.operand(0).dtype == DType::Bool) return fail("bool cannot be added");
  if (std::string error = shapeLimitError(a.shape); !error.empty()) return fail(std::move(error));
  Shape windows;
  if (std::string error = windowShape(a.shape, a.dims, windows); !error.empty()) return fail(std::move(error));
  if (windows != in.operand(0).shape)
    return fail(fmt::format("windows of {} are {}, the operand is {}", toString(a.shape), toString(windows),
                            toString(in.operand(0).shape)));
  return one(in.operand(0).dtype, a.shape);
}
InferredTypes reduce(const Input& in) {
  const std::vector<int>& axes = in.as<ReduceAttributes>().axes;
  const Type& x = in.operand(0);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (!isAxis(axes[i], x)) return fail(noAxis(axes[i], x));
    if (i > 0 && axes[i] <= axes[i - 1]) return fail("axes are not ascending");
  }
  Shape shape;
  for (int i = 0; i < x.rank(); ++i)
    if (std::find(axes.begin(), axes.end(), i) == axes.end()) shape.push_back(x.shape[i]);
  return one(x.dtype, shape);
}
InferredTypes inferReduceSum(const Input& in) {
  if (in.operand(0).dtype == DType::Bool) return fail("bool cannot be summed; cast it first");
  return reduce(in);
}
InferredTypes inferReduceMax(const Input& in) { return reduce(in); }

InferredTypes inferContract(const Input& in) {
  const auto& l = in.as<ContractAttributes>();
  if (in.operand(0).dtype != in.operand(1).dtype)
    return fail(fmt::format("dtypes {} and {} differ", dtypeName(in.operand(0).dtype), dtypeName(in.operand(1).dtype)));
  if (in.operand(0).dtype == DType::Bool) return fail("bool cannot be contracted");
  if (static_cast<int>(l.a.size()) != in.operand(0).rank() || static_cast<int>(l.b.size()) != in.operand(1).rank())
    return fail(fmt::format("letters \"{}\" and \"{}\" for {} and {}", l.a, l.b, toString(in.operand(0)),
                            toString(in.operand(1))));
  std::map<char, std::int64_t> sizes;
  std::map<char, int> uses;
  const auto read = [&](const std::string& letters, const Shape& shape) -> std::string {
    for (std::size_t i = 0; i < letters.size(); ++i) {
      if (letters.find(letters[i]) != i) return fmt::format("letter `{}` twice in one operand", letters[i]);
      const auto [at, isNew] = sizes.emplace(letters[i], shape[i]);
      if (!isNew && at->second != shape[i])
        return fmt::format("letter `{}`: {} and {} differ", letters[i], at->second, shape[i]);
      ++uses[letters[i]];
    }
    return "";
  };
  if (std::string error = read(l.a, in.operand(0).shape); !error.empty()) return fail(std::move(error));
  if (std::string error = read(l.b, in.operand(1).shape); !error.empty()) return fail(std::move(error));
  Shape shape;
  for (std::size_t i = 0; i < l.y.size(); ++i) {
    if (l.y.find(l.y[i]) != i || !sizes.contains(l.y[i])) return fail(fmt::format("letter `{}` of the result", l.y[i]));
    ++uses[l.y[i]];
    shape.push_back(sizes[l.y[i]]);
  }
  for (const auto& [letter, count] : uses)
    if (count < 2) return fail(fmt::format("letter `{}` stands in one of a, b, y only", letter));
  if (std::string error = shapeLimitError(shape); !error.empty()) return fail(std::move(error));
  // Products of bf16 are summed in f32, and the sum is not rounded.
  const DType dtype = in.operand(0).dtype;
  return one(dtype == DType::BF16 ? DType::F32 : dtype, shape);
}

bool isIndexType(DType dtype) { return dtype == DType::I32 || dtype == DType::I64; }

/// x.shape with `axis` replaced by the shape of the index.
std::string gatherShape(const Type& x, const Type& index, int axis, Shape& shape) {
  if (!isAxis(axis, x)) return noAxis(axis, x);
  if (!isIndexType(index.dtype)) return fmt::format("the index is {}, not i32 or i64", toString(index));
  shape.assign(x.shape.begin(), x.shape.begin() + axis);
  shape.insert(shape.end(), index.shape.begin(), index.shape.end());
  shape.insert(shape.end(), x.shape.begin() + axis + 1, x.shape.end());
  return shapeLimitError(shape);
}
InferredTypes inferGather(const Input& in) {
  Shape shape;
  const int axis = in.as<GatherAttributes>().axis;
  if (std::string error = gatherShape(in.operand(0), in.operand(1), axis, shape); !error.empty())
    return fail(std::move(error));
  if (in.operand(0).shape[axis] == 0 && checkedElementCount(shape) != 0)
    return fail(fmt::format("axis {} has no elements to gather from", axis));
  return one(in.operand(0).dtype, shape);
}
InferredTypes inferScatter(const Input& in) {
  const auto& a = in.as<ScatterAttributes>();
  Shape shape;
  if (std::string error = gatherShape(in.operand(0), in.operand(1), a.axis, shape); !error.empty())
    return fail(std::move(error));
  if (std::string error = sameTypeError(Type{in.operand(0).dtype, shape}, in.operand(2)); !error.empty())
    return fail("updates: " + error);
  if (a.mode == ScatterMode::Add && in.operand(0).dtype == DType::Bool) return fail("bool cannot be added");
  if (in.operand(0).shape[a.axis] == 0 && checkedElementCount(shape) != 0)
    return fail(fmt::format("axis {} has no elements to scatter to", a.axis));
  return one(in.operand(0));
}

/// Parameter types of a region against what is passed.
std::string argumentsError(const Function& body, const std::vector<Type>& arguments) {
  if (body.parameters.size() != arguments.size())
    return fmt::format("@{} takes {} arguments, not {}", body.name, body.parameters.size(), arguments.size());
  for (std::size_t i = 0; i < arguments.size(); ++i)
    if (body.type(body.parameters[i]) != arguments[i])
      return fmt::format("argument {} of @{} is {}, not {}", i, body.name, toString(body.type(body.parameters[i])),
                         toString(arguments[i]));
  return "";
}
std::vector<Type> resultTypes(const Function& function) {
  std::vector<Type> types;
  for (const Value value : function.results) types.push_back(function.type(value));
  return types;
}
bool isFunction(const Module& module, FunctionId id) {
  return id.index >= 0 && id.index < static_cast<int>(module.functions.size());
}

InferredTypes inferScan(const Input& in) {
  const auto& a = in.as<ScanAttributes>();
  if (!isFunction(in.module, a.body)) return fail("no such body");
  const Function& body = in.module.function(a.body);
  const int count = static_cast<int>(in.operands.size());
  if (a.carries < 0 || a.xs < 0 || a.length < 0 || std::int64_t{a.carries} + a.xs > count)
    return fail("carries and xs exceed the operands");
  std::vector<Type> arguments = in.operands;
  for (int i = a.carries; i < a.carries + a.xs; ++i) {
    if (arguments[i].rank() == 0 || arguments[i].shape[0] != a.length)
      return fail(
          fmt::format("xs {} is {}: axis 0 is not the length {}", i - a.carries, toString(arguments[i]), a.length));
    arguments[i].shape.erase(arguments[i].shape.begin());
  }
  if (std::string error = argumentsError(body, arguments); !error.empty()) return fail(std::move(error));
  std::vector<Type> results = resultTypes(body);
  if (static_cast<int>(results.size()) < a.carries)
    return fail(fmt::format("@{} returns fewer values than carries", body.name));
  for (int i = 0; i < static_cast<int>(results.size()); ++i) {
    if (i < a.carries && results[i] != in.operands[i])
      return fail(fmt::format("carry {} changes from {} to {}", i, toString(in.operands[i]), toString(results[i])));
    if (i >= a.carries) results[i].shape.insert(results[i].shape.begin(), a.length);
    if (std::string error = shapeLimitError(results[i].shape); !error.empty()) return fail(std::move(error));
  }
  return {results, ""};
}
InferredTypes inferStopGradient(const Input& in) { return one(in.operand(0)); }
InferredTypes inferCall(const Input& in) {
  const auto& a = in.as<CallAttributes>();
  if (!isFunction(in.module, a.body)) return fail("no such body");
  const Function& body = in.module.function(a.body);
  if (std::string error = argumentsError(body, in.operands); !error.empty()) return fail(std::move(error));
  std::vector<Type> results = resultTypes(body);
  if (a.kind != CallKind::Gradient && !a.wrt.empty()) return fail("only a gradient call has wrt");
  if (a.kind == CallKind::Gradient) {
    if (results.empty() || !isFloat(results[0].dtype))
      return fail("the first result of a differentiated function is a float");
    for (const int i : a.wrt) {
      if (i < 0 || i >= static_cast<int>(in.operands.size())) return fail(fmt::format("wrt {} is no operand", i));
      if (!isFloat(in.operands[i].dtype))
        return fail(fmt::format("operand {} is {}: no derivative", i, toString(in.operands[i])));
      results.push_back(in.operands[i]);
    }
  }
  if (a.vjp) {
    if (!isFunction(in.module, *a.vjp)) return fail("no such vjp");
    const Function& vjp = in.module.function(*a.vjp);
    std::vector<Type> arguments = in.operands;
    for (const Value value : body.results) arguments.push_back(body.type(value));
    if (std::string error = argumentsError(vjp, arguments); !error.empty()) return fail("vjp: " + error);
    if (resultTypes(vjp) != in.operands)
      return fail(fmt::format("@{} does not return one cotangent per operand", vjp.name));
  }
  return {results, ""};
}

}  // namespace

InferredTypes inferTypes(const Module& module, Op op, const std::vector<Type>& operands, const Attributes& attributes) {
  const OpInfo& info = opInfo(op);
  const int count = static_cast<int>(operands.size());
  if (count < info.minOperands || (info.maxOperands >= 0 && count > info.maxOperands))
    return fail(fmt::format("{} operands", count));
  const Input in{module, operands, attributes};
  switch (op) {
#define NNC_OP(NAME, TEXT, LEAST, MOST, CLASS, ATTRIBUTES, DOC)                                           \
  case Op::NAME: {                                                                                        \
    if (!std::holds_alternative<ATTRIBUTES>(attributes)) return fail("foreign attributes");               \
    InferredTypes inferred = infer##NAME(in);                                                             \
    for (const Type& type : inferred.types)                                                               \
      if (std::string error = shapeLimitError(type.shape); !error.empty()) return fail(std::move(error)); \
    return inferred;                                                                                      \
  }
#include "ir/ops.def"
#undef NNC_OP
  }
  return fail("no such op");
}

}  // namespace nnc::ir
