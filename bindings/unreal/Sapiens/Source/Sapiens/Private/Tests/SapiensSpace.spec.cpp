// SPDX-License-Identifier: MIT OR Apache-2.0

#include "Misc/AutomationTest.h"
#include "SapiensBlueprintLibrary.h"

#if WITH_DEV_AUTOMATION_TESTS

BEGIN_DEFINE_SPEC(FSapiensSpaceSpec, "Sapiens.Space", EAutomationTestFlags::EditorContext | EAutomationTestFlags::ProductFilter)
END_DEFINE_SPEC(FSapiensSpaceSpec)

void FSapiensSpaceSpec::Define()
{
	Describe(TEXT("Camera space"), [this]()
	{
		It(TEXT("has right, down and forward where Unreal has Y, -Z and X"), [this]()
		{
			TestEqual(TEXT("right"), USapiensBlueprintLibrary::CameraToUnrealLocation(FVector(1, 0, 0)), FVector(0, 100, 0));
			TestEqual(TEXT("down"), USapiensBlueprintLibrary::CameraToUnrealLocation(FVector(0, 1, 0)), FVector(0, 0, -100));
			TestEqual(TEXT("forward"), USapiensBlueprintLibrary::CameraToUnrealLocation(FVector(0, 0, 1)), FVector(100, 0, 0));
			TestEqual(TEXT("a direction has no unit"), USapiensBlueprintLibrary::CameraToUnrealDirection(FVector(0, 0, -1)), FVector(-1, 0, 0));
		});

		It(TEXT("turns vectors as FQuat does"), [this]()
		{
			const FQuat Camera = FQuat(FVector(0.6, 0.0, 0.8), 0.7);
			const FVector Offset(0.3, -1.2, 2.0);
			const FVector Turned = USapiensBlueprintLibrary::CameraToUnrealRotation(Camera).RotateVector(USapiensBlueprintLibrary::CameraToUnrealLocation(Offset));
			TestEqual(TEXT("rotate and convert"), Turned, USapiensBlueprintLibrary::CameraToUnrealLocation(Camera.RotateVector(Offset)), 1.0e-3f);
		});

		It(TEXT("has texture coordinates from edge to edge"), [this]()
		{
			TestEqual(TEXT("first"), USapiensBlueprintLibrary::PixelToUV(FVector2D(-0.5, -0.5), FIntPoint(64, 32)), FVector2D(0, 0));
			TestEqual(TEXT("last"), USapiensBlueprintLibrary::PixelToUV(FVector2D(63.5, 31.5), FIntPoint(64, 32)), FVector2D(1, 1));
			TestEqual(TEXT("of nothing"), USapiensBlueprintLibrary::PixelToUV(FVector2D(3, 3), FIntPoint(0, 0)), FVector2D(0, 0));
		});
	});
}

#endif
