// The files of a study folder: study.json, results.jsonl, verdicts.json.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "diagnostics/diagnostics.h"
#include "study/study.h"

namespace nnc::study {

/// Text forms, one line for a run. Numbers are written so that they read back to the same bits; NaN is null, infinities
/// are "inf" and "-inf". A run's line ends with an object "time": what clocks said, and the checksum of the line.
/// Before it, two equal runs have the same bytes.
std::string studyText(const Study& study);
std::string runText(const Run& run);
std::string verdictsText(const std::vector<Verdict>& verdicts);

/// Empty: reported, with the path and what is wrong.   Errors  E1405, E1410, E1412. A folder without verdicts.json has
/// no verdicts.
[[nodiscard]] std::optional<Study> readStudy(const std::string& directory, Diagnostics& diagnostics);
/// What study.json of a folder says of where it comes from, also if another version wrote it. Empty: there is none, or
/// it does not say.
struct StudyOrigin {
  std::string name, file;
};
std::optional<StudyOrigin> studyOrigin(const std::string& directory);
[[nodiscard]] std::optional<std::vector<Verdict>> readVerdicts(const std::string& directory, Diagnostics& diagnostics);
/// The runs of results.jsonl in the order of the file. A line that is cut off or was edited is reported as a warning
/// with its number and left out; all others count. A run that failed or timed out counts until a later line has its id.
/// No file: no runs.   Errors  E1405, W1413, W1414.
[[nodiscard]] std::optional<std::vector<Run>> readRuns(const std::string& directory, Diagnostics& diagnostics);

/// The study folder of a process that runs the study. One process at a time: the second is refused.
class ResultsFile {
 public:
  /// Makes the folder, locks it, reads what is there, and cuts off an unfinished last line (kill -9). Empty: reported.
  /// Errors  E1401, E1405, E1411 (the folder is in use), W1413, W1414.
  [[nodiscard]] static std::unique_ptr<ResultsFile> open(const std::string& directory, Diagnostics& diagnostics);
  ~ResultsFile();

  /// The runs that the file held, then those appended since. Not while another thread appends or sorts.
  const std::vector<Run>& runs() const;
  /// The run with an id; null: there is none. Valid until a run is appended.
  const Run* find(const std::string& id) const;
  /// Whether the run was appended since the folder was opened.
  bool isNew(const std::string& id) const;
  /// Appends one line and syncs it to the disk. Any thread. A run that failed or timed out is
  /// replaced by one with its id. False: reported (full disk); nothing half-written stays.
  [[nodiscard]] bool append(const Run& run, Diagnostics& diagnostics);
  /// Lets `revise` change each run, then rewrites results.jsonl atomically if a line differs. Not while another thread
  /// appends.
  [[nodiscard]] bool revise(const std::function<void(Run&)>& revise, Diagnostics& diagnostics);
  /// Writes study.json or verdicts.json atomically.
  [[nodiscard]] bool write(const std::string& name, const std::string& text, Diagnostics& diagnostics);
  /// Rewrites results.jsonl in this order of run ids, atomically. Others come before them in the order they have, so
  /// that of two runs of a cell and a block, as when a parameter is tuned anew, the one that was asked for stands last.
  /// Lines that do not count are dropped: they were reported when the file was opened.
  [[nodiscard]] bool sort(const std::vector<std::string>& ids, Diagnostics& diagnostics);

 private:
  struct Implementation;
  explicit ResultsFile(std::unique_ptr<Implementation> implementation);
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace nnc::study
