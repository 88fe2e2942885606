// Nothing before the header, nothing but the header.
#include "sapiens.hpp"

static_assert(sapiens::header_version.major_number == SAPIENS_VERSION_MAJOR, "");

int main() { return sapiens::Wait(std::chrono::hours(1)).milliseconds() == 3600000 ? 0 : 1; }
