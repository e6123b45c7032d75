// The standard library as it stands in the binary.
//
// A module of it is parsed when one of its names is first asked for: a program uses a few of them, and parsing all
// would take longer than everything else that `nnc check` does.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "elaborate/source_module.h"

namespace nnc::elaborate {

/// A module of the stdlib: `layers` and its text.
struct StdlibFile {
  std::string_view name;
  std::string_view text;
};
/// All of them, in the order of their names. Generated from stdlib/*.nn when nnc is built.
const std::vector<StdlibFile>& stdlibFiles();

/// Owns the trees of the stdlib. Not to be used by two threads at once.
class Stdlib {
 public:
  /// `sources` and `diagnostics` outlive this. Texts are added to `sources` at once, so that ids of files do not depend
  /// on which modules are used.
  Stdlib(SourceManager& sources, Diagnostics& diagnostics);

  /// What the prelude, the union of all modules, calls `name`. Empty: nothing, or its module does not parse (reported).
  Named find(std::string_view name);
  /// Null: there is none, or its module does not parse (reported).
  std::pair<const syntax::ProbeClause*, const SourceModule*> findProbe(std::string_view name);
  /// `std.layers`. Null: there is none, or it does not parse (reported).
  const SourceModule* findModule(std::string_view name);

  std::vector<std::string> names() const;
  std::vector<std::string> probeNames() const { return probeNames_; }
  std::vector<std::string> moduleNames() const;

 private:
  struct Entry {
    SourceModule module;
    std::string name;
    FileId source;
    bool isParsed = false;
    bool isFine = false;
  };
  const SourceModule* parsed(Entry& entry);

  SourceManager& sources_;
  Diagnostics& diagnostics_;
  std::vector<std::unique_ptr<Entry>> entries_;  // in the order of their names
  std::map<std::string, Entry*, std::less<>> prelude_, probes_;
  std::vector<std::string> probeNames_;  // as they stand in the files
};

}  // namespace nnc::elaborate
