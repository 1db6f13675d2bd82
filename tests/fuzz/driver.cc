// Stands in for libFuzzer where the compiler is not clang: runs the target on every file of the
// corpus, then on changed copies of them for `-seconds`. It does not see which code an input
// reaches, so it finds less than libFuzzer in the same time; what it finds is just as true.
//
//   fuzz_http -seconds=2 -seed=7 tests/fuzz/corpus/http     or files to reproduce
//
// An input that ends the process, or takes longer than kHangSeconds, is written to
// ./crash-<target>.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t size_max);
extern "C" __attribute__((weak)) size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size,
                                                                size_t size_max, unsigned seed);

namespace {

constexpr size_t kInputBytesMax = 4096;  // libFuzzer's own default
constexpr unsigned kHangSeconds = 25;

std::minstd_rand random_numbers;  // NOLINT: LLVMFuzzerMutate has no state to carry
std::vector<uint8_t> input;       // NOLINT: the signal handler writes it
char crash_path[256];             // NOLINT: likewise

size_t Below(size_t bound) { return bound == 0 ? 0 : random_numbers() % bound; }

// Only what a signal handler may do.
void KeepInput(int signal_number) {
  const int file = open(crash_path, O_CREAT | O_TRUNC | O_WRONLY, 0644);
  if (file >= 0) {
    (void)!write(file, input.data(), input.size());
    close(file);
  }
  constexpr char kFound[] = "found: the input is in ";
  (void)!write(STDERR_FILENO, kFound, sizeof kFound - 1);
  (void)!write(STDERR_FILENO, crash_path, std::strlen(crash_path));
  (void)!write(STDERR_FILENO, signal_number == SIGALRM ? " (a hang)\n" : "\n",
               signal_number == SIGALRM ? 10 : 1);
  _exit(77);
}

void Run() {
  alarm(kHangSeconds);
  // A copy of its very size: reading past it is then seen by AddressSanitizer.
  const std::vector<uint8_t> exact(input.begin(), input.end());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
  alarm(0);
}

std::vector<uint8_t> Read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::vector<uint8_t>> ReadCorpus(const std::vector<std::string>& paths) {
  std::vector<std::filesystem::path> files;
  for (const std::string& path : paths) {
    if (!std::filesystem::is_directory(path)) {
      files.emplace_back(path);
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(path)) files.push_back(entry);
  }
  std::sort(files.begin(), files.end());
  std::vector<std::vector<uint8_t>> corpus;
  for (const auto& file : files) corpus.push_back(Read(file));
  return corpus;
}

// Another input's piece into this one.
void Splice(const std::vector<uint8_t>& other) {
  if (other.empty()) return;
  const size_t begin = Below(other.size());
  const size_t length = std::min(1 + Below(64), other.size() - begin);
  const size_t at = Below(input.size() + 1);
  input.insert(input.begin() + static_cast<ptrdiff_t>(at),
               other.begin() + static_cast<ptrdiff_t>(begin),
               other.begin() + static_cast<ptrdiff_t>(begin + length));
  if (input.size() > kInputBytesMax) input.resize(kInputBytesMax);
}

void Mutate(const std::vector<std::vector<uint8_t>>& corpus) {
  input = corpus[Below(corpus.size())];
  if (LLVMFuzzerCustomMutator == nullptr && Below(4) == 0) {
    return Splice(corpus[Below(corpus.size())]);
  }
  const size_t size = input.size();
  input.resize(std::max(size, kInputBytesMax));
  const auto seed = static_cast<unsigned>(random_numbers());
  input.resize(LLVMFuzzerCustomMutator != nullptr
                   ? LLVMFuzzerCustomMutator(input.data(), size, input.size(), seed)
                   : LLVMFuzzerMutate(input.data(), size, input.size()));
}

}  // namespace

// libFuzzer's name, because the targets' own mutators call it. One to four small changes.
extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t size_max) {
  constexpr uint8_t kBytes[] = {0,   1,   0x7f, 0x80, 0xff, '\n', '"',
                                '{', '}', '[',  ',',  ':',  '%',  '.'};
  for (size_t changes = 1 + Below(4); changes > 0; --changes) {
    const size_t at = Below(size);
    switch (size == 0 ? 0 : Below(6)) {
      case 0:  // one more byte
        if (size == size_max) break;
        std::memmove(data + at + 1, data + at, size - at);
        data[at] = Below(2) == 0 ? kBytes[Below(sizeof kBytes)] : static_cast<uint8_t>(Below(256));
        ++size;
        break;
      case 1:  // a piece less
      {
        const size_t length = std::min(1 + Below(16), size - at);
        std::memmove(data + at, data + at + length, size - at - length);
        size -= length;
        break;
      }
      case 2:  // a piece twice
      {
        const size_t length = std::min({1 + Below(64), size - at, size_max - size});
        std::memmove(data + at + length, data + at, size - at);
        size += length;
        break;
      }
      case 3:
        data[at] ^= static_cast<uint8_t>(1u << Below(8));
        break;
      case 4:
        data[at] = kBytes[Below(sizeof kBytes)];
        break;
      default:  // another digit stays a digit
        data[at] =
            static_cast<uint8_t>(data[at] >= '0' && data[at] <= '9' ? '0' + Below(10) : Below(256));
    }
  }
  return size;
}

int main(int argc, char** argv) {
  double seconds = 0;
  unsigned seed = std::random_device{}();
  std::vector<std::string> paths;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument.starts_with("-seconds=")) {
      seconds = std::atof(argv[i] + 9);
    } else if (argument.starts_with("-seed=")) {
      seed = static_cast<unsigned>(std::strtoul(argv[i] + 6, nullptr, 10));
    } else {
      paths.emplace_back(argument);
    }
  }
  random_numbers.seed(seed);
  const std::string name = std::filesystem::path(argv[0]).filename();
  std::snprintf(crash_path, sizeof crash_path, "crash-%s", name.c_str());
  for (const int number : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGALRM}) {
    signal(number, KeepInput);
  }
  const auto corpus = ReadCorpus(paths);
  if (corpus.empty()) {
    std::fprintf(stderr, "usage: %s [-seconds=N] [-seed=N] FILE|FOLDER…\n", argv[0]);
    return 2;
  }
  for (const auto& file : corpus) {
    input = file;
    Run();
  }
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  size_t runs = 0;
  for (; std::chrono::steady_clock::now() < end; ++runs) {
    Mutate(corpus);
    Run();
  }
  std::printf("%zu files of the corpus, %zu changed copies, seed %u\n", corpus.size(), runs, seed);
  return 0;
}
