// The inside of a Project: what its parts share.
#pragma once
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "elaborate/elaborate.h"
#include "elaborate/exports.h"
#include "elaborate/modules.h"
#include "elaborate/overrides.h"
#include "elaborate/train.h"

namespace nnc::elaborate {

/// What a Project holds.
struct ProjectState {
  /// A train that was elaborated, so that its programs can be made again for other batch sizes.
  struct Session {
    std::string name;
    const syntax::BlockDecl* block = nullptr;
    const SourceModule* home = nullptr;
    std::vector<ParsedOverride> overrides;
  };

  ProjectState(SourceManager& s, Diagnostics& d) : sources(s), diagnostics(d) {}

  SourceManager& sources;
  Diagnostics& diagnostics;
  std::unique_ptr<Modules> modules;
  std::deque<Session> sessions;

  /// The step that elaborateTrain built last: most callers ask for it next, and get it instead of another one.
  struct FreshStep {
    std::size_t session = 0;
    BatchProgram program;
  };
  std::optional<FreshStep> freshStep;

  const syntax::File& file() const { return modules->root().tree; }
  /// The train blocks of the file, in order.
  std::vector<const syntax::Decl*> trains() const;
  std::vector<std::string> experiments() const;  // their names, in order
  const syntax::BlockDecl* findTrain(const std::string& name);
  std::optional<ExportedName> findExport(const std::string& name);
  const Session& sessionOf(const TrainProgram& train) const { return sessions[train.session]; }

  /// A train with these values for its parameters. Its session is kept: step and evaluation are made from it.
  [[nodiscard]] std::optional<TrainProgram> elaborateTrain(const syntax::BlockDecl& block, const SourceModule& home,
                                                           std::vector<ParsedOverride> overrides);
  /// Drops the session of a train that was elaborated last and is not needed any more; of another one, nothing.
  void forget(const TrainProgram& train);
};

/// An elaboration with messages of its own. They reach the project's when it ends, without those that it has already:
/// a network is elaborated for several modes and batch sizes, and its mistakes are the same each time.
class Elaboration {
 public:
  explicit Elaboration(ProjectState& project);
  ~Elaboration() { diagnostics_.appendNew(std::move(messages_)); }
  Elaboration(const Elaboration&) = delete;
  Elaboration& operator=(const Elaboration&) = delete;

  Elaborator& operator*() { return elaborator_; }
  Elaborator* operator->() { return &elaborator_; }
  const Diagnostics& messages() const { return messages_; }
  /// For a trial whose messages do not count: what `messages()` was before it.
  void setMessages(Diagnostics messages) { messages_ = std::move(messages); }

 private:
  Diagnostics& diagnostics_;
  Diagnostics messages_;
  Elaborator elaborator_;
};

/// Whether every parameter has a default.
bool hasDefaults(const std::vector<syntax::ParamDecl>& parameters);
/// Everything that `nnc check` promises. Messages only.
void checkProject(Project& project, ProjectState& state);
/// Whether a definition has a mistake that elaboration does not see: a comparison that is never true, statements behind
/// `return` (E0140, E0214). Reported.
[[nodiscard]] bool hasSilentMistake(ProjectState& state);

}  // namespace nnc::elaborate
