// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "CoreMinimal.h"
#include "Kismet/BlueprintFunctionLibrary.h"
#include "SapiensTypes.h"
#include "SapiensBlueprintLibrary.generated.h"

/** What the library says about itself and its models, and conversions of space. Empty where the library is missing. */
UCLASS()
class SAPIENS_API USapiensBlueprintLibrary : public UBlueprintFunctionLibrary
{
	GENERATED_BODY()

public:
	UFUNCTION(BlueprintPure, Category = "Sapiens")
	static bool IsOk(const FSapiensStatus& Status) { return Status.IsOk(); }

	UFUNCTION(BlueprintPure, Category = "Sapiens")
	static FString GetLibraryVersion();

	/** Of a pose of so many keypoints; 0 stands for Sapiens2's. Empty where that is no official set. */
	UFUNCTION(BlueprintCallable, Category = "Sapiens")
	static TArray<FSapiensKeypointInfo> GetKeypointInfos(int32 Count = 0);

	/** Between the keypoints of a pose of so many; 0 stands for Sapiens2's. */
	UFUNCTION(BlueprintCallable, Category = "Sapiens")
	static TArray<FSapiensLink> GetLinks(int32 Count = 0);

	/** Names of the parts in the map Labels, by index, of a model with so many classes; 0 stands for Sapiens2's. */
	UFUNCTION(BlueprintCallable, Category = "Sapiens")
	static TArray<FName> GetClassNames(int32 Count = 0);

	/** Index of a keypoint, or -1. */
	UFUNCTION(BlueprintCallable, Category = "Sapiens")
	static int32 FindKeypoint(FName Name);

	/** Metres, x right, y down, z forward -> centimetres, X forward, Y right, Z up. */
	UFUNCTION(BlueprintPure, Category = "Sapiens|Space")
	static FVector CameraToUnrealLocation(const FVector& Metres);

	UFUNCTION(BlueprintPure, Category = "Sapiens|Space")
	static FVector CameraToUnrealDirection(const FVector& Direction);

	UFUNCTION(BlueprintPure, Category = "Sapiens|Space")
	static FQuat CameraToUnrealRotation(const FQuat& Rotation);

	/** Pixels (centres at integers) to texture coordinates. */
	UFUNCTION(BlueprintPure, Category = "Sapiens|Space")
	static FVector2D PixelToUV(const FVector2D& Pixel, const FIntPoint& Size);
};
