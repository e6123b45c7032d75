// What run, eval, predict, build and show share: a loaded project, the chosen train, engine options.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "driver/driver.h"
#include "elaborate/elaborate.h"
#include "engine/engine.h"

namespace nnc::driver {

/// A project and one of its trains, elaborated with the values of the command line.
struct TrainSession {
  std::unique_ptr<elaborate::Project> project;
  elaborate::TrainProgram train;
};

/// Loads the file. Null: reported.
std::unique_ptr<elaborate::Project> loadProject(Context& context);

/// Loads the file and elaborates the train that the command line names. Empty: reported.
std::optional<TrainSession> openTrain(Context& context);
/// The same for a file that is loaded.
std::optional<TrainSession> openTrain(Context& context, std::unique_ptr<elaborate::Project> project);

/// The export that the command line means, by name or as the only one; empty: it means a train. A name that the file
/// does not have is that of an export when the file has no trains. `prefersTrain`: without a name, a train comes first.
std::optional<std::string> namedExport(const elaborate::Project& project, const std::string& name, bool prefersTrain);

/// Whether all that the command line gives means something for what it is about; `name` as it stands there, empty: the
/// only one of the file. What does not is reported (E1517). True where no such train is in the file.
[[nodiscard]] bool checkOptions(Context& context, const elaborate::Project& project, Subject subject,
                                const std::string& name);

engine::Options engineOptions(Context& context);

/// --threads, or the number of cores.
int threadCount(const Options& options);

}  // namespace nnc::driver
