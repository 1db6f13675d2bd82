#include "cli/backup/manifest.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/backup/files.h"
#include "common/base/fault.h"
#include "common/base/strings.h"

namespace switchboard::cli::backup {
namespace {

using nlohmann::ordered_json;

ordered_json ToObject(const File& file) {
  return {{"path", file.path}, {"bytes", file.bytes}, {"sha256", file.sha256}};
}

ordered_json ToObject(const Stream& stream) {
  return {{"name", stream.name},
          {"messages", stream.state.messages},
          {"bytes", stream.state.bytes},
          {"first_sequence", stream.state.first_sequence},
          {"last_sequence", stream.state.last_sequence},
          {"consumers", stream.state.consumers},
          {"files", ordered_json::array({ToObject(stream.description), ToObject(stream.content)})}};
}

// `at` throws on what is missing or of another type: FromJson catches it.
File ToFile(const ordered_json& object) {
  return {object.at("path").get<std::string>(), object.at("bytes").get<uint64_t>(),
          object.at("sha256").get<std::string>()};
}

Stream ToStream(const ordered_json& object) {
  Stream stream;
  stream.name = object.at("name").get<std::string>();
  stream.state.messages = object.at("messages").get<uint64_t>();
  stream.state.bytes = object.at("bytes").get<uint64_t>();
  stream.state.first_sequence = object.at("first_sequence").get<uint64_t>();
  stream.state.last_sequence = object.at("last_sequence").get<uint64_t>();
  stream.state.consumers = object.at("consumers").get<uint64_t>();
  stream.description = ToFile(object.at("files").at(0));
  stream.content = ToFile(object.at("files").at(1));
  return stream;
}

std::vector<const File*> Files(const Manifest& manifest) {
  std::vector<const File*> files;
  for (const Stream& stream : manifest.streams) {
    files.push_back(&stream.description);
    files.push_back(&stream.content);
  }
  if (manifest.analytics) files.push_back(&manifest.analytics->database);
  return files;
}

bool StaysInside(const std::string& path) {
  if (path.empty() || path.front() == '/') return false;
  for (const std::string_view part : StrSplit(path, '/')) {
    if (part.empty() || part == "." || part == "..") return false;
  }
  return true;
}

absl::Status Broken(std::string_view what) {
  return WithRemedy(absl::DataLossError(StrCat("manifest.json ", what)), "use another backup");
}

}  // namespace

std::string ToJson(const Manifest& manifest) {
  ordered_json streams = ordered_json::array();
  for (const Stream& stream : manifest.streams) streams.push_back(ToObject(stream));
  ordered_json object = {{"format", kFormat},
                         {"created_at", manifest.created_at},
                         {"switchboard", manifest.version},
                         {"streams", std::move(streams)}};
  if (manifest.analytics) {
    object["analytics"] = {{"schema_version", manifest.analytics->schema_version},
                           {"turns", manifest.analytics->turns},
                           {"feedback", manifest.analytics->feedback},
                           {"file", ToObject(manifest.analytics->database)}};
  }
  return object.dump(2) + "\n";
}

absl::StatusOr<Manifest> FromJson(const std::string& text) {
  const auto object = ordered_json::parse(text, nullptr, false);
  if (!object.is_object()) return Broken("is not JSON");
  Manifest manifest;
  try {
    const int format = object.at("format").get<int>();
    if (format != kFormat) {
      return WithRemedy(absl::FailedPreconditionError(StrCat("the backup has format ", format,
                                                             ", this command reads ", kFormat)),
                        "use the version of switchboard that wrote it");
    }
    manifest.created_at = object.at("created_at").get<std::string>();
    manifest.version = object.at("switchboard").get<std::string>();
    for (const auto& stream : object.at("streams")) manifest.streams.push_back(ToStream(stream));
    if (object.contains("analytics")) {
      const auto& analytics = object.at("analytics");
      manifest.analytics = Analytics{
          analytics.at("schema_version").get<uint32_t>(), analytics.at("turns").get<uint64_t>(),
          analytics.at("feedback").get<uint64_t>(), ToFile(analytics.at("file"))};
    }
  } catch (const ordered_json::exception& error) {
    return Broken(StrCat("is not as this command writes it: ", error.what()));
  }
  for (const File* file : Files(manifest)) {
    if (!StaysInside(file->path)) return Broken(StrCat("names a file elsewhere: ", file->path));
  }
  return manifest;
}

absl::StatusOr<Manifest> ReadManifest(const std::string& folder) {
  std::ifstream file(folder + "/manifest.json");
  if (!file) {
    return WithRemedy(
        absl::NotFoundError(StrCat(folder, " has no manifest.json: it is no finished backup")),
        "name the folder that switchboard backup wrote");
  }
  std::ostringstream text;
  text << file.rdbuf();
  return FromJson(text.str());
}

absl::Status Verify(const std::string& folder, const Manifest& manifest) {
  std::vector<std::string> differ;
  for (const File* file : Files(manifest)) {
    const absl::StatusOr<File> found = Inspect(folder, file->path);
    if (!found.ok()) {
      differ.push_back(StrCat(file->path, " (", found.status().message(), ")"));
    } else if (found->bytes != file->bytes || found->sha256 != file->sha256) {
      differ.push_back(StrCat(file->path, " (changed since the backup)"));
    }
  }
  if (differ.empty()) return absl::OkStatus();
  return WithRemedy(absl::DataLossError(StrCat("the backup is damaged: ", StrJoin(differ, ", "))),
                    "nothing was changed; use another backup");
}

}  // namespace switchboard::cli::backup
