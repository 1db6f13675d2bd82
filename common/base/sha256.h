// SHA-256 of what comes in pieces: files and streams too large to hold at once.
//
//   Sha256 hash;
//   while (…) hash.Update(piece);
//   manifest["sha256"] = hash.Hex();
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace switchboard {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void Update(std::string_view piece);
  // Lower-case hexadecimal. Ends the hash: begin another one afterwards.
  std::string Hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace switchboard
