#include "cli/backup/database.h"

#include "cli/backup/files.h"
#include "cli/backup/progress.h"
#include "common/base/fault.h"
#include "common/base/strings.h"
#include "common/runtime/caller.h"
#include "switchboard/v1/operator.pb.h"

namespace switchboard::cli::backup {
namespace {

constexpr char kPath[] = "analytics/analytics.db";
// The agent copies some 100 MB a second; no deadline is believed beyond two minutes.
constexpr std::chrono::seconds kWholeWithin{120};
constexpr std::chrono::seconds kPieceWithin{30};
// What the agent takes at once.
constexpr size_t kPieceBytes = 256 << 10;

template <typename Reply, typename Request>
Awaitable<absl::StatusOr<Reply>> Ask(bus::Connection* connection, std::string verb, Request request,
                                     std::chrono::seconds within) {
  runtime::Context context;
  context.deadline = Deadline::After(within);
  std::string subject = StrCat("mesh.operator.analytics.", verb);
  runtime::Caller caller(*connection, "switchboard-cli");
  co_return co_await caller.Call<Reply>(std::move(subject), std::move(context), std::move(request));
}

absl::Status Explain(absl::Status status) {
  if (!absl::IsUnavailable(status) || !RemedyOf(status).empty()) return status;
  return WithRemedy(std::move(status),
                    "the analytics agent does not answer: start it, or add --no-analytics");
}

Awaitable<absl::Status> FetchPieces(bus::Connection* connection, const v1::CopyDatabaseReply* copy,
                                    Writer* writer, Terminal* terminal) {
  Progress progress(*terminal, "analytics", copy->bytes());
  uint64_t offset = 0;
  while (offset < copy->bytes()) {
    v1::ReadCopyRequest request;
    request.set_copy_id(copy->copy_id());
    request.set_offset(offset);
    std::string verb = StrCat("read-copy.", copy->instance_id());
    absl::StatusOr<v1::ReadCopyReply> piece = co_await Ask<v1::ReadCopyReply>(
        connection, std::move(verb), std::move(request), kPieceWithin);
    if (!piece.ok()) co_return piece.status();
    if (piece->data().empty()) co_return absl::DataLossError("the agent's copy ended early");
    absl::Status written = writer->Write(piece->data());
    if (!written.ok()) co_return written;
    offset += piece->data().size();
    progress.Add(piece->data().size());
  }
  co_return absl::OkStatus();
}

}  // namespace

Awaitable<absl::StatusOr<Analytics>> FetchDatabase(bus::Connection* connection, std::string folder,
                                                   Terminal* terminal) {
  std::string copy_verb = "copy";
  v1::CopyDatabaseRequest copy_request;
  absl::StatusOr<v1::CopyDatabaseReply> copy = co_await Ask<v1::CopyDatabaseReply>(
      connection, std::move(copy_verb), std::move(copy_request), kWholeWithin);
  if (!copy.ok()) co_return Explain(copy.status());
  absl::StatusOr<Writer> writer = Writer::Create(folder, kPath);
  if (!writer.ok()) co_return writer.status();
  absl::Status fetched = co_await FetchPieces(connection, &*copy, &*writer, terminal);
  v1::ReleaseCopyRequest release;
  release.set_copy_id(copy->copy_id());
  std::string release_verb = StrCat("release-copy.", copy->instance_id());
  // The agent would remove it by itself in a while.
  (void)co_await Ask<v1::ReleaseCopyReply>(connection, std::move(release_verb), std::move(release),
                                           kPieceWithin);
  if (!fetched.ok()) co_return fetched;
  absl::StatusOr<File> file = writer->Close();
  if (!file.ok()) co_return file.status();
  if (file->sha256 != copy->sha256()) {
    co_return absl::DataLossError("the analytics database arrived other than it was sent");
  }
  co_return Analytics{copy->schema_version(), copy->turns(), copy->feedback(), *std::move(file)};
}

Awaitable<absl::StatusOr<Upload>> SendDatabase(bus::Connection* connection, std::string folder,
                                               Analytics analytics, bool replace,
                                               Terminal* terminal) {
  v1::RestoreDatabaseRequest begin;
  begin.set_bytes(analytics.database.bytes);
  begin.set_sha256(analytics.database.sha256);
  begin.set_replace(replace);
  std::string begin_verb = "restore";
  absl::StatusOr<v1::RestoreDatabaseReply> begun = co_await Ask<v1::RestoreDatabaseReply>(
      connection, std::move(begin_verb), std::move(begin), kPieceWithin);
  if (!begun.ok()) co_return Explain(begun.status());
  absl::StatusOr<Reader> reader = Reader::Open(folder, analytics.database.path);
  if (!reader.ok()) co_return reader.status();
  Progress progress(*terminal, "analytics", analytics.database.bytes);
  for (uint64_t offset = 0;;) {
    absl::StatusOr<std::string> piece = reader->Next(kPieceBytes);
    if (!piece.ok()) co_return piece.status();
    if (piece->empty()) break;
    const uint64_t bytes = piece->size();
    v1::WriteUploadRequest write;
    write.set_upload_id(begun->upload_id());
    write.set_offset(offset);
    write.set_data(*std::move(piece));
    std::string write_verb = StrCat("write-upload.", begun->instance_id());
    absl::StatusOr<v1::WriteUploadReply> written = co_await Ask<v1::WriteUploadReply>(
        connection, std::move(write_verb), std::move(write), kPieceWithin);
    if (!written.ok()) co_return written.status();
    offset += bytes;
    progress.Add(bytes);
  }
  co_return Upload{begun->instance_id(), begun->upload_id()};
}

Awaitable<absl::Status> CommitDatabase(bus::Connection* connection, Upload upload) {
  v1::CommitUploadRequest commit;
  commit.set_upload_id(upload.upload_id);
  std::string verb = StrCat("commit-upload.", upload.instance_id);
  absl::StatusOr<v1::CommitUploadReply> committed = co_await Ask<v1::CommitUploadReply>(
      connection, std::move(verb), std::move(commit), kWholeWithin);
  co_return committed.status();
}

}  // namespace switchboard::cli::backup
