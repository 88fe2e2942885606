// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "CoreMinimal.h"
#include "Stats/Stats.h"

SAPIENS_API DECLARE_LOG_CATEGORY_EXTERN(LogSapiens, Log, All);

/** `stat Sapiens` shows what the plugin costs on the game and render threads, and how long frames take. */
DECLARE_STATS_GROUP(TEXT("Sapiens"), STATGROUP_Sapiens, STATCAT_Advanced);
