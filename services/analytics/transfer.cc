#include "services/analytics/transfer.h"

#include <filesystem>
#include <fstream>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/fault.h"
#include "common/base/id.h"
#include "common/base/strings.h"
#include "common/observability/log.h"

namespace switchboard::analytics {
namespace {

// A quarter of the payload that a server takes unless told otherwise (1 MiB), so that headers and
// smaller limits have room.
constexpr uint64_t kPieceBytesMax = 256 << 10;
constexpr std::chrono::minutes kIdleMax{10};

// How long a commit waits for the new file's use: the consumers' setting back takes milliseconds,
// or an election. Later is no error, it is tried again and again.
constexpr std::chrono::seconds kInUseWithin{10};
constexpr std::chrono::milliseconds kLookEvery{20};

constexpr char kPrefix[] = "mesh.operator.analytics.";

absl::Status NoSuch(const char* what) {
  return WithRemedy(absl::NotFoundError(StrCat("there is no such ", what)),
                    "begin again: only one is kept, for ten minutes after its last use");
}

absl::StatusOr<v1::ReadCopyReply> ReadPiece(const std::string& path, uint64_t offset) {
  std::ifstream file(path, std::ios::binary);
  v1::ReadCopyReply reply;
  std::string& data = *reply.mutable_data();
  data.resize(kPieceBytesMax);
  file.seekg(static_cast<std::streamoff>(offset));
  file.read(data.data(), static_cast<std::streamsize>(data.size()));
  if (file.bad() || (file.fail() && !file.eof())) {
    return absl::UnavailableError(StrCat(path, " cannot be read"));
  }
  data.resize(static_cast<size_t>(file.gcount()));
  return reply;
}

absl::Status AppendPiece(const std::string& path, const std::string& data) {
  std::ofstream file(path, std::ios::binary | std::ios::app);
  file.write(data.data(), static_cast<std::streamsize>(data.size()));
  file.flush();
  if (file) return absl::OkStatus();
  return WithRemedy(absl::UnavailableError(StrCat(path, " cannot be written")),
                    "check that the disk has room for the restored database");
}

absl::Status CheckReplace(Storage& storage, bool replace) {
  if (replace) return absl::OkStatus();
  absl::StatusOr<Store::Counts> counts = storage.Use([](Store& store) { return store.Count(); });
  if (!counts.ok()) {
    std::error_code ignored;
    const bool gone = StorageFault(counts.status()) == "removed" &&
                      !std::filesystem::exists(storage.path(), ignored) && !ignored;
    if (gone) return absl::OkStatus();
    return WithRemedy(
        absl::FailedPreconditionError(
            StrCat("what the database holds is not known: ", counts.status().message())),
        "mend that and run it again, or add --replace to put the backup in its place");
  }
  if (counts->turns + counts->feedback == 0) return absl::OkStatus();
  return WithRemedy(
      absl::AlreadyExistsError(StrCat("the analytics database holds ", counts->turns, " turns and ",
                                      counts->feedback, " pieces of feedback")),
      "add --replace to put the backup in its place");
}

absl::StatusOr<CopyFacts> CheckUpload(const std::string& path, const std::string& sha256) {
  ASSIGN_OR_RETURN(const std::string found, Sha256OfFile(path));
  if (found != sha256) {
    return WithRemedy(absl::DataLossError("the upload is not what was announced"), "send it again");
  }
  return Inspect(path);
}

}  // namespace

Transfer::Transfer(runtime::Agent& agent, std::shared_ptr<Storage> storage,
                   std::function<void()> on_replaced)
    : agent_(agent),
      storage_(std::move(storage)),
      on_replaced_(std::move(on_replaced)),
      copy_path_(storage_->path() + ".copy"),
      upload_path_(storage_->path() + ".upload") {}

void Transfer::Register(const std::shared_ptr<Transfer>& self) {
  runtime::Agent& agent = self->agent_;
  // The runtime has each instance listen at <subject>.<instance> too, where pieces are asked for.
  const auto add = [&]<typename Request, typename Reply>(
                       const char* verb,
                       Awaitable<absl::StatusOr<Reply>> (Transfer::*handler)(Context, Request)) {
    std::string subject = StrCat(kPrefix, verb);
    agent.HandleStream<Request, Reply, Reply>(
        verb,
        [self, handler](Context context, Request request, runtime::Emitter<Reply>) {
          return ((*self).*handler)(std::move(context), std::move(request));
        },
        nullptr, std::move(subject));
    agent.Reserve(verb);
  };
  add("copy", &Transfer::Copy);
  add("read-copy", &Transfer::Read);
  add("release-copy", &Transfer::Release);
  add("restore", &Transfer::Restore);
  add("write-upload", &Transfer::Write);
  add("commit-upload", &Transfer::Commit);
  add("rebuild", &Transfer::Rebuild);
}

void Transfer::Tidy() {
  if (!copying_.expired() || Clock::now() - touched_ < kIdleMax) return;
  copy_id_.clear();
  upload_ = Upload();
  RemoveDatabase(copy_path_);
  RemoveDatabase(upload_path_);
}

Awaitable<absl::StatusOr<v1::CopyDatabaseReply>> Transfer::Copy(Context context,
                                                                v1::CopyDatabaseRequest) {
  if (!copying_.expired()) {
    absl::Status busy = WithRetryAfterMs(
        absl::ResourceExhaustedError("another copy of the database is being made"), 5000);
    co_return busy;
  }
  // Goes with this coroutine, wherever that ends: also after this object, with the loop.
  const auto token = std::make_shared<const char>();
  copying_ = token;
  copy_id_.clear();
  touched_ = Clock::now();
  const auto pool = agent_.blocking_executor();
  auto begin = [storage = storage_, path = copy_path_] {
    // Refused while the storage is broken: a copy would be as broken.
    absl::Status open = storage->Use([](Store&) { return absl::OkStatus(); });
    if (!open.ok()) return absl::StatusOr<std::unique_ptr<DatabaseCopy>>(open);
    return DatabaseCopy::Begin(storage->path(), path);
  };
  auto beginning = runtime::Blocking(pool, std::move(begin));
  absl::StatusOr<std::unique_ptr<DatabaseCopy>> copy = co_await std::move(beginning);
  absl::StatusOr<bool> done = copy.ok() ? absl::StatusOr<bool>(false) : copy.status();
  while (done.ok() && !*done) {
    if (context.deadline.expired()) {
      done = absl::DeadlineExceededError("the copy took longer than the caller waits");
      break;
    }
    auto step = [raw = copy->get()] { return raw->Step(); };
    auto stepping = runtime::Blocking(pool, std::move(step));
    done = co_await std::move(stepping);
  }
  absl::StatusOr<CopyFacts> facts = absl::UnknownError("not copied");
  if (!done.ok()) {
    facts = done.status();
  } else {
    auto finish = [raw = copy->get()] { return raw->Finish(); };
    auto finishing = runtime::Blocking(pool, std::move(finish));
    facts = co_await std::move(finishing);
  }
  touched_ = Clock::now();
  if (!facts.ok()) co_return facts.status();
  copy_id_ = RandomHex(8);
  v1::CopyDatabaseReply reply;
  reply.set_instance_id(agent_.instance_id());
  reply.set_copy_id(copy_id_);
  reply.set_bytes(static_cast<uint64_t>(facts->bytes));
  reply.set_sha256(facts->sha256);
  reply.set_schema_version(static_cast<uint32_t>(facts->schema_version));
  reply.set_turns(static_cast<uint64_t>(facts->turns));
  reply.set_feedback(static_cast<uint64_t>(facts->feedback));
  co_return reply;
}

Awaitable<absl::StatusOr<v1::ReadCopyReply>> Transfer::Read(Context, v1::ReadCopyRequest request) {
  if (copy_id_.empty() || request.copy_id() != copy_id_) co_return NoSuch("copy");
  touched_ = Clock::now();
  auto read = [path = copy_path_, offset = request.offset()] { return ReadPiece(path, offset); };
  auto pending = runtime::Blocking(agent_.blocking_executor(), std::move(read));
  co_return co_await std::move(pending);
}

Awaitable<absl::StatusOr<v1::ReleaseCopyReply>> Transfer::Release(Context,
                                                                  v1::ReleaseCopyRequest request) {
  if (!copy_id_.empty() && request.copy_id() == copy_id_) {
    copy_id_.clear();
    RemoveDatabase(copy_path_);
  }
  co_return v1::ReleaseCopyReply();
}

Awaitable<absl::StatusOr<v1::RestoreDatabaseReply>> Transfer::Restore(
    Context, v1::RestoreDatabaseRequest request) {
  auto check = [storage = storage_, replace = request.replace()] {
    return CheckReplace(*storage, replace);
  };
  auto checking = runtime::Blocking(agent_.blocking_executor(), std::move(check));
  absl::Status allowed = co_await std::move(checking);
  if (!allowed.ok()) co_return allowed;
  RemoveDatabase(upload_path_);
  upload_ = Upload{RandomHex(8), request.sha256(), request.bytes(), 0};
  touched_ = Clock::now();
  v1::RestoreDatabaseReply reply;
  reply.set_instance_id(agent_.instance_id());
  reply.set_upload_id(upload_.id);
  co_return reply;
}

Awaitable<absl::StatusOr<v1::WriteUploadReply>> Transfer::Write(Context,
                                                                v1::WriteUploadRequest request) {
  if (upload_.id.empty() || request.upload_id() != upload_.id) co_return NoSuch("upload");
  // A caller that heard nothing sends a piece again.
  const uint64_t end = request.offset() + request.data().size();
  if (end == upload_.received && !request.data().empty()) co_return v1::WriteUploadReply();
  if (request.offset() != upload_.received || request.data().size() > kPieceBytesMax ||
      upload_.received + request.data().size() > upload_.bytes) {
    absl::Status wrong = InvalidField("offset", "is not where the upload goes on",
                                      StrCat("go on at ", upload_.received));
    co_return wrong;
  }
  touched_ = Clock::now();
  upload_.received += request.data().size();
  auto write = [path = upload_path_, data = std::move(*request.mutable_data())] {
    return AppendPiece(path, data);
  };
  auto pending = runtime::Blocking(agent_.blocking_executor(), std::move(write));
  absl::Status written = co_await std::move(pending);
  if (!written.ok()) {
    upload_ = Upload();
    RemoveDatabase(upload_path_);
    co_return written;
  }
  co_return v1::WriteUploadReply();
}

Awaitable<absl::StatusOr<v1::CommitUploadReply>> Transfer::Commit(Context context,
                                                                  v1::CommitUploadRequest request) {
  if (upload_.id.empty() || request.upload_id() != upload_.id) co_return NoSuch("upload");
  const Upload upload = std::exchange(upload_, Upload());
  if (upload.received != upload.bytes) {
    absl::Status short_of = absl::FailedPreconditionError(
        StrCat("the upload has ", upload.received, " of ", upload.bytes, " bytes"));
    co_return short_of;
  }
  auto put = [storage = storage_, path = upload_path_, sha256 = upload.sha256] {
    absl::StatusOr<CopyFacts> facts = CheckUpload(path, sha256);
    if (!facts.ok()) {
      RemoveDatabase(path);
      return facts;
    }
    if (absl::Status replaced = storage->Replace(path); !replaced.ok()) {
      return absl::StatusOr<CopyFacts>(replaced);
    }
    return facts;
  };
  auto pending = runtime::Blocking(agent_.blocking_executor(), std::move(put));
  absl::StatusOr<CopyFacts> facts = co_await std::move(pending);
  on_replaced_();
  if (!facts.ok()) co_return facts.status();
  // Until then a backup or a summary would be refused.
  Timer pause(agent_.io());
  const Deadline in_use = context.deadline.Child(kInUseWithin);
  while (!in_use.expired()) {
    auto look = [storage = storage_] {
      return storage->Use([](Store&) { return absl::OkStatus(); });
    };
    auto looking = runtime::Blocking(agent_.blocking_executor(), std::move(look));
    absl::Status used = co_await std::move(looking);
    if (used.ok()) break;
    pause.expires_after(kLookEvery);
    boost::system::error_code ignored;
    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  log::Info("database restored", {{"turns", facts->turns}, {"feedback", facts->feedback}});
  v1::CommitUploadReply reply;
  reply.set_turns(static_cast<uint64_t>(facts->turns));
  reply.set_feedback(static_cast<uint64_t>(facts->feedback));
  co_return reply;
}

Awaitable<absl::StatusOr<v1::RebuildDatabaseReply>> Transfer::Rebuild(Context,
                                                                      v1::RebuildDatabaseRequest) {
  auto move = [storage = storage_] { return storage->MoveAside(absl::ToUnixMillis(absl::Now())); };
  auto pending = runtime::Blocking(agent_.blocking_executor(), std::move(move));
  absl::StatusOr<std::string> moved = co_await std::move(pending);
  if (!moved.ok()) co_return moved.status();
  log::Warning("damaged database moved aside, reading the streams anew",
               {{"moved_to", std::string_view(*moved)}});
  on_replaced_();
  v1::RebuildDatabaseReply reply;
  reply.set_moved_to(*moved);
  co_return reply;
}

}  // namespace switchboard::analytics
