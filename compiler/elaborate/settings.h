// The settings of blocks and experiments, read against the table settings.def.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "diagnostics/diagnostics.h"
#include "syntax/ast.h"

namespace nnc::elaborate {

enum class SettingNeed : std::uint8_t { Required, Optional, OneOf };

/// One row of settings.def.
struct SettingInfo {
  syntax::BlockKind block = syntax::BlockKind::Data;
  std::string_view name;
  SettingNeed need = SettingNeed::Optional;
  std::string_view excludes;
  std::string_view takes;  // for messages and docs
};
const std::vector<SettingInfo>& allSettings();

/// What has settings: its kind and its name, for messages.
struct SettingOwner {
  syntax::BlockKind kind = syntax::BlockKind::Data;
  const syntax::Ident& name;
};

/// The settings of one block by name, each written at most once.
class Settings {
 public:
  /// Errors  E0105 unknown, E0106 twice, E0107 missing, E0108 two that exclude each other.
  [[nodiscard]] static std::optional<Settings> read(const SettingOwner& owner,
                                                    const std::vector<const syntax::Setting*>& written,
                                                    Diagnostics& diagnostics);
  [[nodiscard]] static std::optional<Settings> read(const syntax::BlockDecl& block, Diagnostics& diagnostics);

  /// Null: not written.
  const syntax::Setting* find(std::string_view name) const;
  /// Needs: a required setting.
  const syntax::Setting& get(std::string_view name) const { return *find(name); }

 private:
  std::vector<const syntax::Setting*> written_;
};

/// What a setting of this name takes, as the table says it.
std::string_view settingTakes(syntax::BlockKind block, std::string_view name);
std::string_view blockKindName(syntax::BlockKind kind);

}  // namespace nnc::elaborate
