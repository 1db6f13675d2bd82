// The simulation's dice: the same seed throws the same on every machine and library.
#pragma once

#include <chrono>
#include <cstdint>

namespace switchboard::sim {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  // splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
  uint64_t Next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  // 0 … bound - 1. `bound` is small, so the modulo's bias is too.
  uint64_t Below(uint64_t bound) { return bound == 0 ? 0 : Next() % bound; }

  bool Chance(double probability) {
    return static_cast<double>(Next() >> 11) * 0x1.0p-53 < probability;
  }

  // Both ends included, in whole microseconds: what Asio's timers resolve.
  std::chrono::microseconds Between(std::chrono::microseconds least,
                                    std::chrono::microseconds most) {
    return least +
           std::chrono::microseconds(Below(static_cast<uint64_t>((most - least).count()) + 1));
  }

 private:
  uint64_t state_;
};

}  // namespace switchboard::sim
