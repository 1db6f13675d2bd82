#include "services/knowledge-retrieval/index_file.h"

#include <sqlite3.h>

#include <cstdio>
#include <cstring>
#include <utility>

#include "common/base/fault.h"
#include "common/base/id.h"
#include "common/base/strings.h"

namespace switchboard::knowledge_retrieval {
namespace {

// The file can be made again from the bucket, so a power cut may cost it; a killed process may not,
// which the write-ahead log sees to. Exclusive: two processes must not take it for theirs.
constexpr const char* kPragmas =
    "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;";
constexpr const char* kSchema = R"sql(
  CREATE TABLE IF NOT EXISTS about(analysis TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS document(id TEXT PRIMARY KEY, hash TEXT NOT NULL,
                                      analysed BLOB NOT NULL, checksum TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS vector(key TEXT PRIMARY KEY, numbers BLOB NOT NULL,
                                    checksum TEXT NOT NULL);
)sql";

std::string Checksum(std::string_view id, std::string_view hash, std::string_view analysed) {
  return Sha256Hex(StrCat(id, "\n", hash, "\n", analysed));
}

void Bind(sqlite3_stmt* statement, int position, std::string_view text) {
  sqlite3_bind_text(statement, position, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
}

void BindBlob(sqlite3_stmt* statement, int position, std::string_view bytes) {
  sqlite3_bind_blob(statement, position, bytes.data(), static_cast<int>(bytes.size()),
                    SQLITE_STATIC);
}

std::string_view Column(sqlite3_stmt* statement, int column) {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement, column));
  return {bytes == nullptr ? "" : bytes,
          static_cast<size_t>(sqlite3_column_bytes(statement, column))};
}

// ---- bytes: numbers of seven bits a byte, the lowest first; a text after its length

class Writer {
 public:
  void Number(uint64_t number) {
    for (; number >= 0x80; number >>= 7) bytes_ += static_cast<char>(number | 0x80);
    bytes_ += static_cast<char>(number);
  }
  void Text(std::string_view text) {
    Number(text.size());
    bytes_ += text;
  }
  void Words(const AnalysedDocument::Words& words) {
    Number(words.size());
    for (const uint32_t word : words) Number(word);
  }
  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  uint64_t Number() {
    uint64_t number = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (bytes_.empty()) break;
      const auto byte = static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
      number |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return number;
    }
    ok_ = false;
    return 0;
  }
  // A number of things of at least one byte each: never more than there are bytes.
  size_t Count() {
    const uint64_t count = Number();
    if (count > bytes_.size()) ok_ = false;
    return ok_ ? count : 0;
  }
  std::string Text() {
    const size_t size = Count();
    std::string text(bytes_.substr(0, size));
    bytes_.remove_prefix(size);
    return text;
  }
  AnalysedDocument::Words Words(size_t word_count) {
    AnalysedDocument::Words words(Count());
    for (uint32_t& word : words) {
      const uint64_t number = Number();
      if (number >= word_count) ok_ = false;
      word = ok_ ? static_cast<uint32_t>(number) : 0;
    }
    return words;
  }
  // False when it is none of ours.
  bool Language(int& number) {
    const uint64_t language = Number();
    number = static_cast<int>(language) - 1;
    return language <= static_cast<uint64_t>(kLanguageCount);
  }
  bool Done() const { return ok_ && bytes_.empty(); }
  bool ok() const { return ok_; }

 private:
  std::string_view bytes_;
  bool ok_ = true;
};

}  // namespace

std::string Encode(const AnalysedDocument& document) {
  Writer out;
  for (const std::string* text :
       {&document.id, &document.title, &document.category, &document.language}) {
    out.Text(*text);
  }
  out.Number(static_cast<uint64_t>(document.language_number + 1));
  out.Number(document.words.size());
  for (const AnalysedDocument::Word& word : document.words) {
    out.Text(word.folded);
    out.Text(word.stem);
    out.Number(static_cast<uint64_t>(word.language_number + 1));
  }
  out.Words(document.title_words);
  out.Words(document.keyword_words);
  out.Number(document.passages.size());
  for (const AnalysedDocument::Passage& passage : document.passages) {
    out.Text(passage.section);
    out.Text(passage.text);
    out.Words(passage.section_words);
    out.Words(passage.body_words);
  }
  out.Number(document.questions.size());
  for (const AnalysedDocument::Question& question : document.questions) {
    out.Number(static_cast<uint64_t>(question.language_number + 1));
    out.Words(question.words);
    out.Number(question.answer);
  }
  return out.Take();
}

bool Decode(std::string_view bytes, AnalysedDocument& document) {
  Reader in(bytes);
  for (std::string* text :
       {&document.id, &document.title, &document.category, &document.language}) {
    *text = in.Text();
  }
  if (!in.Language(document.language_number)) return false;
  document.words.resize(in.Count());
  for (AnalysedDocument::Word& word : document.words) {
    word.folded = in.Text();
    word.stem = in.Text();
    if (!in.Language(word.language_number)) return false;
  }
  document.title_words = in.Words(document.words.size());
  document.keyword_words = in.Words(document.words.size());
  document.passages.resize(in.Count());
  for (AnalysedDocument::Passage& passage : document.passages) {
    passage.section = in.Text();
    passage.text = in.Text();
    passage.section_words = in.Words(document.words.size());
    passage.body_words = in.Words(document.words.size());
  }
  document.questions.resize(in.Count());
  for (AnalysedDocument::Question& question : document.questions) {
    if (!in.Language(question.language_number)) return false;
    question.words = in.Words(document.words.size());
    const uint64_t answer = in.Number();
    if (answer >= document.passages.size()) return false;
    question.answer = static_cast<uint32_t>(answer);
  }
  return in.Done();
}

void IndexFile::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

IndexFile::~IndexFile() { Close(); }

void IndexFile::Close() {
  for (Statement* statement : {&put_, &remove_, &load_, &vector_, &put_vector_}) statement->reset();
  sqlite3_close(handle_);
  handle_ = nullptr;
}

void IndexFile::RemoveFile() {
  for (const char* ending : {"", "-wal", "-shm", "-journal"}) {
    std::remove(StrCat(path_, ending).c_str());
  }
}

absl::StatusOr<std::unique_ptr<IndexFile>> IndexFile::Open(const std::string& path,
                                                           const std::string& analysis) {
  std::unique_ptr<IndexFile> file(new IndexFile(path));
  absl::Status status = file->OpenOnce(analysis);
  // Only what a new file would cure.
  if (absl::IsDataLoss(status)) {
    file->notices_.push_back(StrCat("the index file is made anew: ", status.message()));
    file->Close();
    file->RemoveFile();
    status = file->OpenOnce(analysis);
  }
  RETURN_IF_ERROR(status);
  return file;
}

absl::Status IndexFile::OpenOnce(const std::string& analysis) {
  if (sqlite3_open(path_.c_str(), &handle_) != SQLITE_OK) return Error("open");
  RETURN_IF_ERROR(Execute(kPragmas));
  RETURN_IF_ERROR(Check(analysis));
  RETURN_IF_ERROR(Prepare(
      "INSERT OR REPLACE INTO document(id, hash, analysed, checksum) VALUES(?, ?, ?, ?)", put_));
  RETURN_IF_ERROR(Prepare("DELETE FROM document WHERE id = ?", remove_));
  RETURN_IF_ERROR(Prepare("SELECT numbers, checksum FROM vector WHERE key = ?", vector_));
  RETURN_IF_ERROR(Prepare("INSERT OR REPLACE INTO vector(key, numbers, checksum) VALUES(?, ?, ?)",
                          put_vector_));
  return Prepare("SELECT id, hash, analysed, checksum FROM document", load_);
}

// The structure as SQLite sees it, and whether it was written by this analysis.
absl::Status IndexFile::Check(const std::string& analysis) {
  Statement check, about, insert;
  RETURN_IF_ERROR(Prepare("PRAGMA quick_check(1)", check));
  if (sqlite3_step(check.get()) != SQLITE_ROW || Column(check.get(), 0) != "ok") {
    return absl::DataLossError("it fails SQLite's check");
  }
  check.reset();
  RETURN_IF_ERROR(Execute(kSchema));
  RETURN_IF_ERROR(Prepare("SELECT analysis FROM about", about));
  const int code = sqlite3_step(about.get());
  if (code == SQLITE_ROW) {
    return Column(about.get(), 0) == analysis
               ? absl::OkStatus()
               : absl::DataLossError("it was written by another version");
  }
  if (code != SQLITE_DONE) return Error("about");
  about.reset();
  RETURN_IF_ERROR(Prepare("INSERT INTO about(analysis) VALUES(?)", insert));
  Bind(insert.get(), 1, analysis);
  return Run(insert.get());
}

void IndexFile::Load(const std::function<void(AnalysedDocument, std::string hash)>& on_document) {
  std::vector<std::string> damaged;
  int code;
  while ((code = sqlite3_step(load_.get())) == SQLITE_ROW) {
    const std::string id(Column(load_.get(), 0));
    const std::string_view hash = Column(load_.get(), 1);
    const std::string_view analysed = Column(load_.get(), 2);
    AnalysedDocument document;
    const bool whole = Checksum(id, hash, analysed) == Column(load_.get(), 3) &&
                       Decode(analysed, document) && document.id == id;
    if (whole) {
      on_document(std::move(document), std::string(hash));
    } else {
      damaged.push_back(id);
    }
  }
  if (code != SQLITE_DONE) notices_.push_back(StrCat(Error("load").message()));
  sqlite3_reset(load_.get());
  for (const std::string& id : damaged) Remove(id).IgnoreError();  // its next Put replaces it
  if (!damaged.empty()) {
    notices_.push_back(StrCat("the index file has ", damaged.size(), " damaged documents, ",
                              damaged.front(), " the first; they are analysed again"));
  }
}

absl::Status IndexFile::Put(const AnalysedDocument& document, std::string_view hash) {
  const std::string analysed = Encode(document);
  const std::string checksum = Checksum(document.id, hash, analysed);
  Bind(put_.get(), 1, document.id);
  Bind(put_.get(), 2, hash);
  BindBlob(put_.get(), 3, analysed);
  Bind(put_.get(), 4, checksum);
  return Run(put_.get());
}

absl::Status IndexFile::Remove(const std::string& id) {
  Bind(remove_.get(), 1, id);
  return Run(remove_.get());
}

std::vector<float> IndexFile::Vector(const std::string& key) {
  std::vector<float> vector;
  Bind(vector_.get(), 1, key);
  if (sqlite3_step(vector_.get()) == SQLITE_ROW) {
    const std::string_view bytes = Column(vector_.get(), 0);
    if (bytes.size() % sizeof(float) == 0 && Checksum(key, "", bytes) == Column(vector_.get(), 1)) {
      vector.resize(bytes.size() / sizeof(float));
      std::memcpy(vector.data(), bytes.data(), bytes.size());
    }
  }
  sqlite3_reset(vector_.get());
  return vector;
}

absl::Status IndexFile::PutVector(const std::string& key, const std::vector<float>& vector) {
  const std::string_view bytes(reinterpret_cast<const char*>(vector.data()),
                               vector.size() * sizeof(float));
  const std::string checksum = Checksum(key, "", bytes);
  Bind(put_vector_.get(), 1, key);
  BindBlob(put_vector_.get(), 2, bytes);
  Bind(put_vector_.get(), 3, checksum);
  return Run(put_vector_.get());
}

absl::Status IndexFile::DropVectorsBut(const absl::flat_hash_set<std::string>& keys) {
  Statement all, drop;
  RETURN_IF_ERROR(Prepare("SELECT key FROM vector", all));
  RETURN_IF_ERROR(Prepare("DELETE FROM vector WHERE key = ?", drop));
  std::vector<std::string> gone;
  while (sqlite3_step(all.get()) == SQLITE_ROW) {
    std::string key(Column(all.get(), 0));
    if (!keys.contains(key)) gone.push_back(std::move(key));
  }
  all.reset();
  for (const std::string& key : gone) {
    Bind(drop.get(), 1, key);
    RETURN_IF_ERROR(Run(drop.get()));
  }
  return absl::OkStatus();
}

std::vector<std::string> IndexFile::TakeNotices() { return std::exchange(notices_, {}); }

absl::Status IndexFile::Execute(const char* sql) {
  return sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) == SQLITE_OK ? absl::OkStatus()
                                                                            : Error(sql);
}

absl::Status IndexFile::Prepare(const char* sql, Statement& statement) {
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  statement.reset(raw);
  return code == SQLITE_OK ? absl::OkStatus() : Error(sql);
}

absl::Status IndexFile::Run(sqlite3_stmt* statement) {
  const int code = sqlite3_step(statement);
  absl::Status status = code == SQLITE_DONE ? absl::OkStatus() : Error("write");
  sqlite3_reset(statement);
  return status;
}

absl::Status IndexFile::Error(std::string_view what) const {
  const std::string message =
      StrCat("index file ", path_, ": ", what, ": ", sqlite3_errmsg(handle_));
  switch (sqlite3_errcode(handle_)) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::FailedPreconditionError(message);
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
      return absl::PermissionDeniedError(message);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR:  // a table of the name with other columns
      return absl::DataLossError(message);
    default:
      return absl::UnavailableError(message);
  }
}

}  // namespace switchboard::knowledge_retrieval
