// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "CoreMinimal.h"
#include "Engine/DeveloperSettings.h"
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
};
