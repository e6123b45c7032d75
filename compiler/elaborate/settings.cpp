#include "elaborate/settings.h"

#include <fmt/format.h>

#include <algorithm>

#include "diagnostics/kinds/elaborate.h"
#include "diagnostics/kinds/project.h"
#include "support/suggest.h"

namespace nnc::elaborate {

const std::vector<SettingInfo>& allSettings() {
  static const std::vector<SettingInfo> settings = {
#define NNC_SETTING(BLOCK, NAME, NEED, EXCLUDES, TAKES) \
  {syntax::BlockKind::BLOCK, #NAME, SettingNeed::NEED, EXCLUDES, TAKES},
#include "elaborate/settings.def"
#undef NNC_SETTING
  };
  return settings;
}

static const SettingInfo* findRow(syntax::BlockKind block, std::string_view name) {
  for (const SettingInfo& row : allSettings())
    if (row.block == block && row.name == name) return &row;
  return nullptr;
}

std::string_view settingTakes(syntax::BlockKind block, std::string_view name) { return findRow(block, name)->takes; }

std::string_view blockKindName(syntax::BlockKind kind) {
  switch (kind) {
    case syntax::BlockKind::Data:
      return "data";
    case syntax::BlockKind::Train:
      return "train";
    case syntax::BlockKind::Experiment:
      return "experiment";
    case syntax::BlockKind::Report:
      return "report";
  }
  return "";
}

const syntax::Setting* Settings::find(std::string_view name) const {
  for (const syntax::Setting* setting : written_)
    if (setting->name.text == name) return setting;
  return nullptr;
}

static void reportUnknown(const SettingOwner& owner, const syntax::Ident& name, Diagnostics& diagnostics) {
  std::vector<std::string> known;
  for (const SettingInfo& row : allSettings())
    if (row.block == owner.kind) known.emplace_back(row.name);
  DiagnosticBuilder message =
      diagnostics.emit<diag::UnknownSetting>(name.span, name.text, blockKindName(owner.kind), owner.name.text);
  message.note(fmt::format("settings of a {} block: {}", blockKindName(owner.kind), fmt::join(known, ", ")));
  if (const auto close = closestName(name.text, known)) message.help(fmt::format("did you mean `{}`?", *close));
}

/// A setting on its own: known, once, implemented.
static bool checkOne(const SettingOwner& owner, const syntax::Setting& setting, const Settings& before,
                     Diagnostics& diagnostics) {
  const SettingInfo* const row = findRow(owner.kind, setting.name.text);
  if (row == nullptr) {
    reportUnknown(owner, setting.name, diagnostics);
    return false;
  }
  if (const syntax::Setting* const first = before.find(setting.name.text)) {
    diagnostics
        .emit<diag::RepeatedSetting>(setting.name.span, setting.name.text, blockKindName(owner.kind), owner.name.text)
        .also(first->name.span, "first here");
    return false;
  }
  return true;
}

/// What the settings are together: those that are needed, those that exclude each other.
static bool checkTogether(const SettingOwner& owner, const Settings& settings, Diagnostics& diagnostics) {
  bool isFine = true;
  for (const SettingInfo& row : allSettings()) {
    if (row.block != owner.kind) continue;
    const syntax::Setting* const own = settings.find(row.name);
    const syntax::Setting* const other = row.excludes.empty() ? nullptr : settings.find(row.excludes);
    if (own != nullptr && other != nullptr && row.name < row.excludes) {
      const bool isOwnFirst = own->span.begin < other->span.begin;
      diagnostics
          .emit<diag::ExclusiveSettings>((isOwnFirst ? other : own)->name.span, row.name, row.excludes,
                                         blockKindName(owner.kind), owner.name.text)
          .also((isOwnFirst ? own : other)->name.span, "the other one");
      isFine = false;
    }
    const bool isMissing =
        own == nullptr && (row.need == SettingNeed::Required ||
                           (row.need == SettingNeed::OneOf && other == nullptr && row.name < row.excludes));
    if (!isMissing) continue;
    DiagnosticBuilder message =
        diagnostics.emit<diag::MissingSetting>(owner.name.span, blockKindName(owner.kind), owner.name.text, row.name);
    message.help(fmt::format("`{}:` takes {}", row.name, row.takes));
    if (!row.excludes.empty()) message.help(fmt::format("or write `{}:` instead", row.excludes));
    isFine = false;
  }
  return isFine;
}

std::optional<Settings> Settings::read(const SettingOwner& owner, const std::vector<const syntax::Setting*>& written,
                                       Diagnostics& diagnostics) {
  Settings settings;
  bool isFine = true;
  for (const syntax::Setting* setting : written)
    if (checkOne(owner, *setting, settings, diagnostics))
      settings.written_.push_back(setting);
    else
      isFine = false;
  // What is missing may be the misspelt one: say it only when the rest is fine.
  if (!isFine || !checkTogether(owner, settings, diagnostics)) return std::nullopt;
  return settings;
}

std::optional<Settings> Settings::read(const syntax::BlockDecl& block, Diagnostics& diagnostics) {
  std::vector<const syntax::Setting*> written;
  for (const syntax::BlockItem& item : block.items)
    if (const auto* setting = std::get_if<syntax::Setting>(&item)) written.push_back(setting);
  return read({block.kind, block.name}, written, diagnostics);
}

}  // namespace nnc::elaborate
