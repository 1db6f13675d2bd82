#include "gateway/handshakes.h"

#include <linux/filter.h>
#include <sys/socket.h>

#include <cstdint>

namespace switchboard::gateway {
namespace {

// Of the TCP header (RFC 9293): the byte of flags, and two of its bits.
constexpr uint32_t kFlagsAt = 13;
constexpr uint32_t kSyn = 0x02;
constexpr uint32_t kAck = 0x10;
constexpr uint32_t kWholePacket = 0xffffffff;
constexpr uint32_t kDrop = 0;

}  // namespace

void StopHandshakes(int listener) {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kFlagsAt),
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, kSyn | kAck),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kSyn, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, kDrop),
      BPF_STMT(BPF_RET | BPF_K, kWholePacket),
  };
  const sock_fprog program{sizeof(code) / sizeof(code[0]), code};
  (void)setsockopt(listener, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

}  // namespace switchboard::gateway
