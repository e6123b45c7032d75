// `design: fractional(resolution: 5)`
#include <fmt/format.h>

#include <algorithm>

#include "diagnostics/kinds/experiment.h"
#include "experiment/reader.h"

namespace nnc::experiment {

namespace {

using Kind = DesignSpec::Kind;

class DesignReader {
 public:
  DesignReader(Reading& reading, const syntax::Setting& setting) : reading_(reading), setting_(setting) {
    design_.span = setting.value->span;
    design_.text = reading.text(setting.value->span);
  }

  bool run() {
    const syntax::Expr& value = bare(*setting_.value);
    const auto* call = std::get_if<syntax::CallExpr>(&value.node);
    const auto* name = std::get_if<syntax::NameExpr>(&(call != nullptr ? *call->callee : value).node);
    static const std::vector<syntax::Arg> kNone;
    if (name == nullptr || !readKind(name->name, call != nullptr ? call->arguments : kNone)) {
      if (reading_.diagnostics().hasErrors()) return false;
      return reading_.refuse(setting_, value.span, "something else");
    }
    reading_.spec.design = std::move(design_);
    return true;
  }

 private:
  bool readKind(const std::string& name, const std::vector<syntax::Arg>& arguments) {
    if (name == "factorial" || name == "grid") return arguments.empty();
    if (arguments.size() > 1) return false;
    const syntax::Arg* const argument = arguments.empty() ? nullptr : arguments.data();
    if (name == "fractional") {
      design_.kind = Kind::Fractional;
      if (argument == nullptr || !argument->name) return false;
      if (argument->name->text == "generators") return readWords(*argument->value);
      return argument->name->text == "resolution" && readNumber(*argument->value, 3);
    }
    if (name == "ablate") {
      design_.kind = Kind::Ablate;
      return argument == nullptr || readFrom(*argument);
    }
    if (name == "build_up") {
      design_.kind = Kind::BuildUp;
      return argument != nullptr && readOrder(*argument->value);
    }
    if (name == "path") {
      design_.kind = Kind::Path;
      return argument != nullptr && readMeasure(*argument->value);
    }
    if (name != "shapley" && name != "random") return false;
    design_.kind = name == "shapley" ? Kind::Shapley : Kind::Random;
    return argument != nullptr && readNumber(*argument->value, 1);
  }

  bool readNumber(const syntax::Expr& expr, std::int64_t least) {
    constexpr std::int64_t kMost = 100'000;
    const std::optional<elaborate::Value> value = reading_.elaborator.evaluate(expr, reading_.scope);
    const auto* number = value ? std::get_if<std::int64_t>(&*value) : nullptr;
    if (number == nullptr || *number < least || *number > kMost) return false;
    design_.number = static_cast<int>(*number);
    return true;
  }

  bool readMeasure(const syntax::Expr& expr) {
    const auto* name = std::get_if<syntax::NameExpr>(&bare(expr).node);
    for (const syntax::MeasureClause* measure : reading_.spec.measures)
      if (name != nullptr && measure->name.text == name->name) design_.measure = name->name;
    return !design_.measure.empty();
  }

  bool readWords(const syntax::Expr& expr) {
    const auto* text = std::get_if<syntax::StringLiteral>(&bare(expr).node);
    if (text != nullptr) design_.generators = text->value;
    return text != nullptr;
  }

  bool readFrom(const syntax::Arg& argument) {
    const auto* symbol = std::get_if<syntax::SymbolExpr>(&bare(*argument.value).node);
    if (!argument.name || argument.name->text != "from" || symbol == nullptr) return false;
    design_.fromOld = symbol->name == "old";
    design_.fromNew = symbol->name == "new";
    return design_.fromOld || design_.fromNew;
  }

  bool readOrder(const syntax::Expr& expr) {
    const auto* list = std::get_if<syntax::ListExpr>(&bare(expr).node);
    if (list == nullptr || list->entries.empty()) return false;
    for (const syntax::ListEntry& entry : list->entries) {
      const auto* name = std::get_if<syntax::NameExpr>(&bare(*entry.value).node);
      const std::vector<FactorSpec>& factors = reading_.spec.factors;
      const auto found = std::find_if(factors.begin(), factors.end(), [&](const FactorSpec& factor) {
        return name != nullptr && factor.factor.name == name->name;
      });
      if (found == factors.end()) {
        reading_.elaborator.error<diag::BadDesign>(
            entry.value->span, fmt::format("`{}` is no factor of this experiment", reading_.text(entry.value->span)));
        return false;
      }
      design_.order.push_back(static_cast<std::size_t>(found - factors.begin()));
    }
    return true;
  }

  Reading& reading_;
  const syntax::Setting& setting_;
  DesignSpec design_;
};

}  // namespace

bool readDesign(Reading& reading, const syntax::Setting& setting) { return DesignReader(reading, setting).run(); }

}  // namespace nnc::experiment
