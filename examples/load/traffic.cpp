// Distributions of the example population.
#include "examples/load/traffic.h"

#include <cmath>
#include <cstdio>

namespace example {
namespace {

// Regions as the example policy declares them, with their share of users.
const char* region_of(uint32_t user) {
  const uint32_t slot = (user * 2654435761u) >> 16 & 0xff;
  if (slot < 141) return "eu";
  if (slot < 218) return "us";
  return "apac";
}

}  // namespace

Payment Traffic::next() {
  std::uniform_real_distribution<double> uniform(0, 1);
  Payment payment;
  payment.user = static_cast<uint32_t>(uniform(random_) * users_);
  payment.region = region_of(payment.user);
  const double amount = -62.0 * std::log(1 - uniform(random_));
  const double age_days = 30 + 1220 * uniform(random_);
  const int foreign_card = uniform(random_) < 0.12 ? 1 : 0;
  const int payments_last_hour = static_cast<int>(-1.4 * std::log(1 - uniform(random_)));
  const int night = uniform(random_) < 0.21 ? 1 : 0;
  char text[512];
  std::snprintf(text, sizeof text,
                "GET /score?amount=%.2f&account_age_days=%.0f&foreign_card=%d"
                "&payments_last_hour=%d&night=%d HTTP/1.1\r\nHost: fraud.example\r\n"
                "X-User: u-%u\r\nX-Region: %s\r\n\r\n",
                amount, age_days, foreign_card, payments_last_hour, night, payment.user,
                payment.region);
  payment.request = text;
  return payment;
}

}  // namespace example
