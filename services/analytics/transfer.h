// Backup and restore of the database over the bus, in pieces of at most 256 KiB, so that the
// operator's command may run on another machine: the verbs of `mesh.operator.analytics.>`
// (proto/switchboard/v1/operator.proto).
//
// At most one copy and one upload exist at a time; a new one ends the one before, and what nobody
// has touched for ten minutes is removed. Files: <database>.copy, <database>.upload. Lives on the
// agent's loop, as long as the agent.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/runtime/agent.h"
#include "services/analytics/database_copy.h"
#include "services/analytics/storage.h"
#include "switchboard/v1/operator.pb.h"

namespace switchboard::analytics {

class Transfer {
 public:
  // `on_replaced`: the storage has to be looked at. On the loop.
  Transfer(runtime::Agent& agent, std::shared_ptr<Storage> storage,
           std::function<void()> on_replaced);

  // Registers the verbs. `self` keeps this alive as long as they may run.
  static void Register(const std::shared_ptr<Transfer>& self);

  // Removes what is idle, and what an earlier process left.
  void Tidy();

 private:
  using Context = runtime::Context;

  Awaitable<absl::StatusOr<v1::CopyDatabaseReply>> Copy(Context, v1::CopyDatabaseRequest);
  Awaitable<absl::StatusOr<v1::ReadCopyReply>> Read(Context, v1::ReadCopyRequest);
  Awaitable<absl::StatusOr<v1::ReleaseCopyReply>> Release(Context, v1::ReleaseCopyRequest);
  Awaitable<absl::StatusOr<v1::RestoreDatabaseReply>> Restore(Context, v1::RestoreDatabaseRequest);
  Awaitable<absl::StatusOr<v1::WriteUploadReply>> Write(Context, v1::WriteUploadRequest);
  Awaitable<absl::StatusOr<v1::CommitUploadReply>> Commit(Context, v1::CommitUploadRequest);
  Awaitable<absl::StatusOr<v1::RebuildDatabaseReply>> Rebuild(Context, v1::RebuildDatabaseRequest);

  struct Upload {
    std::string id;
    std::string sha256;
    uint64_t bytes = 0;
    uint64_t received = 0;
  };

  runtime::Agent& agent_;
  const std::shared_ptr<Storage> storage_;
  const std::function<void()> on_replaced_;
  const std::string copy_path_;
  const std::string upload_path_;
  // Empty: there is none.
  std::string copy_id_;
  // Held by the coroutine that makes a copy.
  std::weak_ptr<const char> copying_;
  Upload upload_;
  Clock::time_point touched_;
};

}  // namespace switchboard::analytics
