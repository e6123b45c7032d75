#include "elaborate/probe_ranges.h"

#include <fmt/format.h>

#include <array>

#include "diagnostics/kinds/probes.h"
#include "elaborate/scope.h"

namespace nnc::elaborate {

namespace {

/// Reads one range; each function reports what it refuses.
class RangeReader {
 public:
  RangeReader(Elaborator& elaborator, const ProbeDefinition& probe, Scope& scope, std::vector<Watch>& watches)
      : elaborator_(elaborator), probe_(probe), scope_(scope), watches_(watches) {}

  std::optional<ProbeRange> read(const syntax::Expr& expr) {
    const auto* const call = std::get_if<syntax::CallExpr>(&expr.node);
    const auto* const name = call != nullptr ? std::get_if<syntax::NameExpr>(&call->callee->node) : nullptr;
    if (name == nullptr) return refuse(expr.span, "a range is a call, such as `weights(net)`");
    const std::vector<syntax::Arg>& arguments = call->arguments;
    if (name->name == "first" || name->name == "last") return readPart(*name, arguments, expr.span);
    if (name->name == "params" || name->name == "weights") return readParameters(*name, arguments, expr.span);
    if (name->name == "outputs" || name->name == "inputs") return readTensors(*name, arguments, expr.span);
    return refuse(call->callee->span, fmt::format("there is no range `{}`", name->name));
  }

 private:
  std::optional<ProbeRange> refuse(Span where, const std::string& reason) {
    elaborator_.error<diag::ProbeRange>(where, probe_.name, reason)
        .help("ranges are params(net), weights(net), outputs(net, f) and inputs(net, f)");
    return std::nullopt;
  }

  std::optional<ProbeRange> readPart(const syntax::NameExpr& name, const std::vector<syntax::Arg>& arguments,
                                     Span where) {
    if (arguments.size() != 1) return refuse(where, fmt::format("`{}` takes one range", name.name));
    std::optional<ProbeRange> range = read(*arguments[0].value);
    if (range) range->part = name.name == "first" ? ProbeRange::Part::First : ProbeRange::Part::Last;
    return range;
  }

  std::optional<ProbeRange> readParameters(const syntax::NameExpr& name, const std::vector<syntax::Arg>& arguments,
                                           Span where) {
    if (arguments.size() != 1) return refuse(where, fmt::format("`{}` takes the network or a part of it", name.name));
    ProbeRange range;
    range.kind = name.name == "weights" ? ProbeRange::Kind::Weights : ProbeRange::Kind::Parameters;
    if (!readPath(*arguments[0].value, range.inside)) return std::nullopt;
    return range;
  }

  std::optional<ProbeRange> readTensors(const syntax::NameExpr& name, const std::vector<syntax::Arg>& arguments,
                                        Span where) {
    if (arguments.size() != 2)
      return refuse(where, fmt::format("`{}` takes the network and what is applied in it", name.name));
    Watch watch{.side = name.name == "inputs" ? Watch::Side::Inputs : Watch::Side::Outputs, .callable = {}};
    if (!readPath(*arguments[0].value, watch.inside) || !readApplied(*arguments[1].value, watch)) return std::nullopt;
    if (watch.side == Watch::Side::Inputs && watch.kind == Watch::Kind::WeightLayer)
      return refuse(arguments[1].span, "a layer is known by what it declares once it was applied; name it");
    ProbeRange range;
    range.kind = ProbeRange::Kind::Tensors;
    range.watch = watches_.size();
    watches_.push_back(std::move(watch));
    return range;
  }

  /// `net.h.block[0]`, as it is written.
  bool readPath(const syntax::Expr& expr, std::string& path) {
    path = std::string(elaborator_.text(expr.span));
    if (isInside(path, "net")) return true;
    (void)refuse(expr.span, fmt::format("`{}` is not the network `net` or a part of it", path));
    return false;
  }

  bool readApplied(const syntax::Expr& expr, Watch& watch) {
    const std::optional<Value> value = elaborator_.evaluate(expr, scope_);
    if (!value) return false;
    if (const auto* symbol = std::get_if<Symbol>(&*value)) {
      watch.kind = symbol->name == "weight_layer" ? Watch::Kind::WeightLayer : Watch::Kind::Activation;
      if (symbol->name == "weight_layer" || symbol->name == "activation") return true;
      (void)refuse(expr.span, fmt::format("`.{}` is neither `.weight_layer` nor `.activation`", symbol->name));
      return false;
    }
    watch.callable = *value;
    if (asCallable(*value) != nullptr) return true;
    (void)refuse(expr.span, fmt::format("{} is not applied in a network", describe(*value)));
    return false;
  }

  Elaborator& elaborator_;
  const ProbeDefinition& probe_;
  Scope& scope_;
  std::vector<Watch>& watches_;
};

}  // namespace

std::optional<ProbeRange> readRange(Elaborator& elaborator, const ProbeDefinition& probe, Scope& scope,
                                    std::vector<Watch>& watches) {
  return RangeReader(elaborator, probe, scope, watches).read(*probe.range);
}

}  // namespace nnc::elaborate
