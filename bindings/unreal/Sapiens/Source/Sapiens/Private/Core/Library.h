// The library's header. Everything in the plugin includes it through this file: both the header and Unreal's build tool, for a
// module of this name, define SAPIENS_API.
// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#pragma push_macro("SAPIENS_API")
#undef SAPIENS_API
#include "sapiens.hpp"
#pragma pop_macro("SAPIENS_API")
