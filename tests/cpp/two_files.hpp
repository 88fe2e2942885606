// Between the two files of one program that both include the header: what one makes, the other uses.
#include "sapiens.hpp"

#include <cstddef>

sapiens::Expected<sapiens::Context> made_in_the_other_file(int *messages);
std::size_t names_in_the_other_file();
