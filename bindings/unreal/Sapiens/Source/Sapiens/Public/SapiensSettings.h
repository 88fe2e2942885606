// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "CoreMinimal.h"
#include "Engine/DeveloperSettings.h"
#include "SapiensTypes.h"
#include "SapiensSettings.generated.h"

/** Project Settings > Plugins > Sapiens. */
UCLASS(Config = Game, DefaultConfig, meta = (DisplayName = "Sapiens"))
class SAPIENS_API USapiensSettings : public UDeveloperSettings
{
	GENERATED_BODY()

public:
	virtual FName GetCategoryName() const override { return FName(TEXT("Plugins")); }

	/** Models loaded when the engine starts, below Content or absolute: .safetensors or .onnx. Add their folder to Additional Non-Asset Directories To Copy. */
	UPROPERTY(Config, EditAnywhere, Category = "Models")
	TArray<FString> Models;

	/** The small demo model inside the library, if no others are named. */
	UPROPERTY(Config, EditAnywhere, Category = "Models")
	bool bLoadDemoModel = true;

	/** The person detector, loaded when the engine starts: RTMDet (.pth) or DETR (.safetensors), below Content or absolute. */
	UPROPERTY(Config, EditAnywhere, Category = "Models")
	FString Detector;

	/** The small detector inside the library, if no other is named. */
	UPROPERTY(Config, EditAnywhere, Category = "Models")
	bool bLoadDemoDetector = false;

	/** In order of preference, separated by commas: cpu, webgpu, cuda:N, tensorrt:N. Empty: the library's default. Sapiens.Devices overrides it. */
	UPROPERTY(Config, EditAnywhere, Category = "Device")
	FString Devices;

	/** Of a run on the processor; 0: the library's default. */
	UPROPERTY(Config, EditAnywhere, Category = "Device", meta = (ClampMin = "0"))
	int32 Threads = 0;

	/** Where pictures are brought to what a model sees. */
	UPROPERTY(Config, EditAnywhere, Category = "Device")
	ESapiensDeviceFraming DeviceFraming = ESapiensDeviceFraming::Auto;

	/** CUDA, TensorRT and WebGPU record the first run of a model and replay it, one person at a time: less work for the processor. What cannot be recorded runs as ever; Refused of Get Models says why. */
	UPROPERTY(Config, EditAnywhere, Category = "Device")
	bool bRecordRuns = false;

	/** Memory in MiB that the models may take together on their device; those over it are put away, and come back when a frame wants them. 0: no limit. */
	UPROPERTY(Config, EditAnywhere, Category = "Device", meta = (ClampMin = "0"))
	int32 MemoryMegabytes = 0;

	/** Keeps what loading makes of checkpoints and devices compile, for the next start: below the project's Saved folder or absolute. Empty: nothing is kept. */
	UPROPERTY(Config, EditAnywhere, Category = "Device")
	FString CacheFolder;
};
