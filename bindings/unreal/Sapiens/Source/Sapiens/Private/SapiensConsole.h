// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "CoreMinimal.h"
#include "HAL/IConsoleManager.h"

/** Read when the context is made: at the start of the engine. */
extern TAutoConsoleVariable<FString> CVarSapiensDevices;
extern TAutoConsoleVariable<FString> CVarSapiensOnnxRuntime;
extern TAutoConsoleVariable<int32> CVarSapiensLogLevel;

/** Read all the time. */
extern TAutoConsoleVariable<int32> CVarSapiensReadbackDepth;
extern TAutoConsoleVariable<int32> CVarSapiensPause;
