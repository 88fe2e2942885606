// SPDX-License-Identifier: MIT OR Apache-2.0

#include "SapiensConsole.h"

TAutoConsoleVariable<FString> CVarSapiensDevices(
	TEXT("Sapiens.Devices"),
	TEXT(""),
	TEXT("Devices in order of preference, separated by commas: cpu, webgpu, cuda:N, tensorrt:N. Empty: the project settings. Set it in an ini file or on the command line."),
	ECVF_ReadOnly);

TAutoConsoleVariable<FString> CVarSapiensOnnxRuntime(
	TEXT("Sapiens.OnnxRuntime"),
	TEXT(""),
	TEXT("Absolute path of an ONNX Runtime library to use instead of the plugin's own. Set it in an ini file or on the command line."),
	ECVF_ReadOnly);

TAutoConsoleVariable<int32> CVarSapiensLogLevel(
	TEXT("Sapiens.LogLevel"),
	2,
	TEXT("What the library writes to LogSapiens: 0 nothing, 1 errors, 2 warnings, 3 information, 4 every frame. Set it in an ini file or on the command line."),
	ECVF_ReadOnly);

TAutoConsoleVariable<int32> CVarSapiensReadbackDepth(
	TEXT("Sapiens.ReadbackDepth"),
	3,
	TEXT("Copies of a texture that may be on their way from the GPU, 1..8. Where all are, a frame is skipped."),
	ECVF_Default);

TAutoConsoleVariable<int32> CVarSapiensPause(
	TEXT("Sapiens.Pause"),
	0,
	TEXT("1: streams capture nothing."),
	ECVF_Cheat);
