// What the tests in C++ share: a check that says where it failed, also without exceptions.
#ifndef EXPECT_HPP
#define EXPECT_HPP

#include <cstdio>
#include <cstdlib>

#define EXPECT(condition)                                                                                              \
    ((condition) ? static_cast<void>(0)                                                                                \
                 : (static_cast<void>(std::fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition)), std::exit(1)))

#endif
