#include <gtest/gtest.h>

#include "common/bus/jetstream_api.h"

namespace switchboard::bus {
namespace {

TEST(ApiError, TellsWhatTheServerSays) {
  struct Case {
    const char* what;
    const char* reply;
    absl::StatusCode status;
    int error_code;
  };
  const Case cases[] = {
      {"no error", R"({"seq": 3})", absl::StatusCode::kOk, 0},
      {"the wrong last sequence",
       R"({"error": {"code": 400, "err_code": 10071, "description": "wrong last sequence: 3"}})",
       absl::StatusCode::kAborted, 10071},
      {"no such stream", R"({"error": {"code": 404, "err_code": 10059}})",
       absl::StatusCode::kNotFound, 10059},
      {"a full stream",
       R"({"error": {"code": 503, "err_code": 10077, "description": "maximum messages exceeded"}})",
       absl::StatusCode::kResourceExhausted, 10077},
      {"a stream that cannot write",
       R"({"error": {"code": 503, "err_code": 10077, "description": "no space left on device"}})",
       absl::StatusCode::kUnavailable, 10077},
      {"an overloaded server", R"({"error": {"code": 503}})", absl::StatusCode::kUnavailable, 0},
      {"an error that is no object", R"({"error": "broken"})", absl::StatusCode::kUnavailable, 0},
      {"codes and words of other types",
       R"({"error": {"code": "404", "err_code": [], "description": 7}})",
       absl::StatusCode::kUnavailable, 0},
  };
  for (const Case& c : cases) {
    int error_code = 0;
    EXPECT_EQ(ApiError(nlohmann::json::parse(c.reply), &error_code).code(), c.status) << c.what;
    EXPECT_EQ(error_code, c.error_code) << c.what;
  }
}

}  // namespace
}  // namespace switchboard::bus
