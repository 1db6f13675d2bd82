#include "cli/failure.h"

#include "absl/strings/cord.h"
#include "common/base/fault.h"
#include "common/base/strings.h"

namespace switchboard::cli {
namespace {
constexpr char kUsage[] = "switchboard/usage";
}

absl::Status UsageError(std::string_view what) {
  absl::Status status = absl::InvalidArgumentError(ToAbsl(what));
  status.SetPayload(kUsage, absl::Cord("1"));
  return status;
}

int ExitCode(const absl::Status& status) {
  if (status.ok()) return kExitOk;
  return status.GetPayload(kUsage) ? kExitUsage : kExitFailed;
}

std::string Describe(const absl::Status& status) {
  std::string text(status.message());
  if (text.empty()) text = absl::StatusCodeToString(status.code());
  const std::string remedy = RemedyOf(status);
  return remedy.empty() ? text : StrCat(text, ": ", remedy);
}

}  // namespace switchboard::cli
