// What was analysed, kept in a file for the next start: an SQLite table with one row for each
// document. Only a copy: answers never wait for it, and whatever is wrong with it costs a second
// analysis and nothing else.
//
//   ASSIGN_OR_RETURN(auto file, IndexFile::Open(path, "analysis 1 …"));
//   file->Load([&](AnalysedDocument document, std::string hash) { … });
//   RETURN_IF_ERROR(file->Put(document, hash));
//
// A file that is no database, fails SQLite's check, or was written by another analysis is made
// anew. A document whose checksum is wrong is left out, and written again when the bucket delivers
// it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/knowledge-retrieval/analysed_document.h"

struct sqlite3;
struct sqlite3_stmt;

namespace switchboard::knowledge_retrieval {

class IndexFile {
 public:
  // `analysis` names what the rows' contents depend on. FailedPrecondition: another process has the
  // file. PermissionDenied: it can be neither opened nor made.
  static absl::StatusOr<std::unique_ptr<IndexFile>> Open(const std::string& path,
                                                         const std::string& analysis);
  ~IndexFile();

  // Every document that is whole, with the hash it was put with.
  void Load(const std::function<void(AnalysedDocument, std::string hash)>& on_document);
  absl::Status Put(const AnalysedDocument& document, std::string_view hash);
  absl::Status Remove(const std::string& id);

  // A passage's vector under its key; empty when there is none, or it is damaged.
  std::vector<float> Vector(const std::string& key);
  absl::Status PutVector(const std::string& key, const std::vector<float>& vector);
  absl::Status DropVectorsBut(const absl::flat_hash_set<std::string>& keys);

  // What was wrong with the file, for the log; each is told once.
  std::vector<std::string> TakeNotices();

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

  explicit IndexFile(std::string path) : path_(std::move(path)) {}
  absl::Status OpenOnce(const std::string& analysis);
  absl::Status Check(const std::string& analysis);
  absl::Status Prepare(const char* sql, Statement& statement);
  absl::Status Run(sqlite3_stmt* statement);
  absl::Status Execute(const char* sql);
  absl::Status Error(std::string_view what) const;
  void Close();
  void RemoveFile();

  const std::string path_;
  sqlite3* handle_ = nullptr;
  Statement put_, remove_, load_, vector_, put_vector_;
  std::vector<std::string> notices_;
};

// For tests and for the file: a document as bytes, and back; false when the bytes are not such.
std::string Encode(const AnalysedDocument& document);
bool Decode(std::string_view bytes, AnalysedDocument& document);

}  // namespace switchboard::knowledge_retrieval
