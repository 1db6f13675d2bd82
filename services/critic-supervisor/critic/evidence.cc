#include "services/critic-supervisor/critic/evidence.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace switchboard::critic {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsWordByte(char c) { return (c >= 'a' && c <= 'z') || (static_cast<unsigned char>(c) & 0x80); }
bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }
// Signs that prompts use and customers rarely do, and the two that customers use.
bool IsSign(char c) { return std::string_view("?![{<=/#\"").find(c) != std::string_view::npos; }
bool EndsSentence(char c) { return c == '.' || c == '!' || c == '?' || c == '|'; }

// "don't", "you're" are one word; "l'article" is two.
bool IsClitic(std::string_view rest) {
  for (const std::string_view clitic : {"t", "s", "m", "d", "re", "ve", "ll"}) {
    if (rest.substr(0, clitic.size()) == clitic &&
        (rest.size() == clitic.size() || !IsWordByte(rest[clitic.size()]))) {
      return true;
    }
  }
  return false;
}

constexpr uint64_t kPrime = 0x100000001b3u;  // FNV-1a
constexpr uint64_t kBasis = 0xcbf29ce484222325u;

uint64_t Extend(uint64_t hash, char c) { return (hash ^ static_cast<unsigned char>(c)) * kPrime; }

uint32_t ToSlot(uint64_t hash) {
  hash ^= hash >> 32;  // FNV mixes its high bits badly: the finalizer of MurmurHash3
  hash *= 0xff51afd7ed558ccdu;
  return static_cast<uint32_t>(hash >> (64 - kEvidenceSlotBits));
}

// Adds tokens to the evidence as the text is read.
class Collector {
 public:
  explicit Collector(Evidence& evidence) : evidence_(evidence) {}

  void Add(std::string_view token) {
    constexpr uint64_t kPair = 0x9e3779b97f4a7c15u;
    constexpr uint64_t kSkip = 0x5851f42d4c957f2du;
    constexpr uint64_t kBeginning = 0xa0761d6478bd642fu;
    constexpr size_t kBeginningSize = 5;
    uint64_t hash = kBasis;
    uint64_t beginning = 0;
    for (size_t i = 0; i < token.size(); ++i) {
      if (i == kBeginningSize) beginning = hash;
      hash = Extend(hash, token[i]);
    }
    std::vector<uint32_t>& slots = evidence_.slots;
    slots.push_back(ToSlot(hash));
    slots.push_back(ToSlot((previous_ * 31 + hash) ^ kPair));
    if (before_previous_ != 0) slots.push_back(ToSlot((before_previous_ * 31 + hash) ^ kSkip));
    if (beginning != 0) slots.push_back(ToSlot(beginning ^ kBeginning));
    if (token.size() > 2) AddRuns(token);
    evidence_.ends.push_back(static_cast<uint32_t>(slots.size()));
    before_previous_ = previous_ == kBorder ? 0 : previous_;
    previous_ = hash;
  }

  void EndSentence(size_t text_end, bool forget) {
    const auto end = static_cast<uint32_t>(evidence_.ends.size());
    const uint32_t begin = evidence_.sentences.empty() ? 0 : evidence_.sentences.back();
    if (end - begin < kSentenceTokensMin) return;
    Push(end, text_end);
    if (!forget) return;
    previous_ = kBorder;
    before_previous_ = 0;
  }

  // What is left after the last sentence, however short, joins it.
  void Finish(size_t text_end) {
    const auto end = static_cast<uint32_t>(evidence_.ends.size());
    const uint32_t before = evidence_.sentences.empty() ? 0 : evidence_.sentences.back();
    if (evidence_.sentences.empty() || end - before >= kSentenceTokensMin) {
      Push(end, text_end);
    } else {
      evidence_.sentences.back() = end;
      evidence_.text_ends.back() = static_cast<uint32_t>(text_end);
    }
  }

 private:
  void Push(uint32_t token_end, size_t text_end) {
    evidence_.sentences.push_back(token_end);
    evidence_.text_ends.push_back(static_cast<uint32_t>(text_end));
  }

  static constexpr uint64_t kBorder = 0x2545f4914f6cdd1du;

  // Runs of four letters of the word and its borders: typos, inflections, related languages.
  void AddRuns(std::string_view token) {
    constexpr size_t kRun = 4;
    const auto at = [&](size_t i) { return i == 0 || i > token.size() ? '_' : token[i - 1]; };
    for (size_t i = 0; i + kRun <= token.size() + 2; ++i) {
      uint64_t hash = kBasis ^ 0x517cc1b727220a95u;
      for (size_t k = 0; k < kRun; ++k) hash = Extend(hash, at(i + k));
      evidence_.slots.push_back(ToSlot(hash));
    }
  }

  Evidence& evidence_;
  uint64_t previous_ = kBorder;
  uint64_t before_previous_ = 0;
};

// One word from `i` on, without its inner apostrophes; moves `i` past it.
void ReadWord(std::string_view text, size_t& i, std::string& word) {
  word.clear();
  while (i < text.size()) {
    if (text[i] == '\'' && IsClitic(text.substr(i + 1))) {
      ++i;
    } else if (IsWordByte(text[i])) {
      word.push_back(text[i++]);
    } else {
      return;
    }
  }
}

template <typename T>
void Put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <typename T>
T Get(std::string_view bytes, size_t position) {
  T value;
  std::memcpy(&value, bytes.data() + position, sizeof value);
  return value;
}

uint64_t Checksum(std::string_view bytes) {
  uint64_t hash = kBasis;
  for (const char c : bytes) hash = Extend(hash, c);
  return hash;
}

// File: magic, revision, stretches, bias, threshold, count; count × (slot, weight); checksum of
// all before it. Little endian, as every machine that this runs on.
constexpr std::string_view kMagic = "SBEVIDEN";
constexpr size_t kHeaderSize = 8 + 5 * 4;
constexpr size_t kEntrySize = 8;

}  // namespace

void ExtractEvidence(std::string_view folded, Stretches stretches, Evidence& evidence) {
  evidence.slots.clear();
  evidence.ends.clear();
  evidence.sentences.clear();
  evidence.text_ends.clear();
  Collector collector(evidence);
  const bool forget = stretches == Stretches::kSentences;
  std::string word;
  for (size_t i = 0; i < folded.size();) {
    const char c = folded[i];
    if (IsWordByte(c)) {
      ReadWord(folded, i, word);
      collector.Add(word);
      continue;
    }
    if (IsDigit(c)) {
      size_t length = 0;
      while (i < folded.size() && IsDigit(folded[i])) ++i, ++length;
      const char token[] = {'#', static_cast<char>('0' + std::min<size_t>(length, 9))};
      collector.Add({token, sizeof token});
      continue;
    }
    if (IsSign(c)) collector.Add(folded.substr(i, 1));
    ++i;
    const bool closed = i == folded.size() || IsSpace(folded[i]) || c == '|';
    if (c == '\n' || (EndsSentence(c) && closed)) collector.EndSentence(i, forget);
  }
  collector.Finish(folded.size());
}

std::vector<std::string_view> SentencesOf(std::string_view folded) {
  Evidence evidence;
  ExtractEvidence(folded, Stretches::kSentences, evidence);
  std::vector<std::string_view> sentences;
  size_t begin = 0;
  for (size_t end : evidence.text_ends) {
    const size_t next = end;
    while (begin < end && IsSpace(folded[begin])) ++begin;
    while (begin < end && IsSpace(folded[end - 1])) --end;
    sentences.push_back(folded.substr(begin, end - begin));
    begin = next;
  }
  return sentences;
}

std::vector<Stretch> StretchesOf(const Evidence& evidence, Stretches stretches) {
  std::vector<Stretch> found;
  if (stretches == Stretches::kSentences) {
    size_t begin = 0;
    for (const uint32_t end : evidence.sentences) {
      found.push_back({begin, end});
      begin = end;
    }
    return found;
  }
  found.push_back({0, evidence.size()});
  if (evidence.size() <= kWindowTokens) return found;
  for (size_t begin = 0;; begin += kWindowStride) {
    const size_t end = std::min(begin + kWindowTokens, evidence.size());
    found.push_back({begin, end});
    if (end == evidence.size()) return found;
  }
}

EvidenceModel::EvidenceModel(Stretches stretches, float bias, float threshold,
                             std::vector<float> weights)
    : stretches_(stretches), bias_(bias), threshold_(threshold), weights_(std::move(weights)) {
  weights_.resize(kEvidenceSlots, 0);
}

float EvidenceModel::Strongest(std::string_view folded) const {
  Evidence evidence;
  evidence.slots.reserve(folded.size() * 2);
  evidence.ends.reserve(folded.size() / 4);
  ExtractEvidence(folded, stretches_, evidence);
  // Sums up to and with each token. Double: a long text's windows are small differences of them.
  std::vector<double> sums(evidence.size() + 1, 0);
  for (size_t token = 0; token < evidence.size(); ++token) {
    double sum = sums[token];
    for (size_t i = evidence.begin(token); i < evidence.ends[token]; ++i) {
      sum += weights_[evidence.slots[i]];
    }
    sums[token + 1] = sum;
  }
  double strongest = 0;
  bool any = false;
  for (const Stretch& stretch : StretchesOf(evidence, stretches_)) {
    if (stretch.begin == stretch.end) continue;
    const auto features =
        static_cast<double>(evidence.ends[stretch.end - 1] - evidence.begin(stretch.begin));
    const double score = (sums[stretch.end] - sums[stretch.begin]) / std::sqrt(features);
    strongest = any ? std::max(strongest, score) : score;
    any = true;
  }
  return bias_ + static_cast<float>(strongest);
}

std::string EvidenceModel::Serialize() const {
  std::string out(kMagic);
  Put<uint32_t>(out, kEvidenceRevision);
  Put<uint32_t>(out, static_cast<uint32_t>(stretches_));
  Put<float>(out, bias_);
  Put<float>(out, threshold_);
  Put<uint32_t>(out, static_cast<uint32_t>(std::count_if(weights_.begin(), weights_.end(),
                                                         [](float w) { return w != 0; })));
  for (uint32_t slot = 0; slot < weights_.size(); ++slot) {
    if (weights_[slot] == 0) continue;
    Put<uint32_t>(out, slot);
    Put<float>(out, weights_[slot]);
  }
  Put<uint64_t>(out, Checksum(out));
  return out;
}

absl::StatusOr<EvidenceModel> EvidenceModel::Parse(std::string_view bytes) {
  if (bytes.size() < kHeaderSize + sizeof(uint64_t) || bytes.substr(0, 8) != kMagic) {
    return absl::DataLossError("is no model of the critic");
  }
  if (Get<uint32_t>(bytes, 8) != kEvidenceRevision) {
    return absl::FailedPreconditionError("is of another revision: build it again");
  }
  const std::string_view content = bytes.substr(0, bytes.size() - sizeof(uint64_t));
  if (Checksum(content) != Get<uint64_t>(bytes, content.size())) {
    return absl::DataLossError("is damaged: the checksum does not match");
  }
  const auto stretches = Get<uint32_t>(bytes, 12);
  const auto bias = Get<float>(bytes, 16);
  const auto threshold = Get<float>(bytes, 20);
  const auto count = Get<uint32_t>(bytes, 24);
  if ((stretches != 1 && stretches != 2) || !std::isfinite(bias) || !std::isfinite(threshold) ||
      content.size() != kHeaderSize + size_t{count} * kEntrySize) {
    return absl::DataLossError("is damaged: its header says what cannot be");
  }
  std::vector<float> weights(kEvidenceSlots, 0);
  for (size_t i = 0; i < count; ++i) {
    const auto slot = Get<uint32_t>(bytes, kHeaderSize + i * kEntrySize);
    const auto weight = Get<float>(bytes, kHeaderSize + i * kEntrySize + 4);
    if (slot >= kEvidenceSlots || !std::isfinite(weight)) {
      return absl::DataLossError("is damaged: a weight that cannot be");
    }
    weights[slot] = weight;
  }
  return EvidenceModel(static_cast<Stretches>(stretches), bias, threshold, std::move(weights));
}

}  // namespace switchboard::critic
