// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "CoreMinimal.h"
#include "SapiensPeople.generated.h"

/** Whom the tasks look at, of the people that are tracked. */
UENUM(BlueprintType)
enum class ESapiensPersonPolicy : uint8
{
	All,
	/** The largest boxes, by area. */
	Largest,
	/** The nearest to the camera: the highest boxes. */
	Nearest,
	/** Those whose boxes have their centre nearest to Point. */
	NearestTo
};

/** Where the box of a person comes from. */
UENUM(BlueprintType)
enum class ESapiensBoxOrigin : uint8
{
	/** It is the whole picture: nobody said where people are. */
	Image,
	/** It came with the frame. */
	Host,
	/** The detector found it in this frame. */
	Detector,
	/** It is around the keypoints found where the person was expected. */
	Keypoints,
	/** Nothing was found in this frame: it is where the motion leads. */
	Prediction
};

/** How sure it is that somebody is there. */
UENUM(BlueprintType)
enum class ESapiensTrackState : uint8
{
	/** People are not tracked. */
	None,
	/** New: seen once, which may have been an error. */
	Tentative,
	/** Seen often enough, and now. */
	Confirmed,
	/** Looked for and not found: hidden or gone. Has no pose; keeps the id if it comes back. */
	Lost
};

/** What is done about people: detector, ids that last, steadied keypoints and maps. */
USTRUCT(BlueprintType)
struct SAPIENS_API FSapiensPeopleOptions
{
	GENERATED_BODY()

	/** In frames without boxes people are looked for, with the detector of the project settings or of Load Detector. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Sapiens")
	bool bDetect = false;

	/** The detector looks at every n-th frame, and sooner when needed; more than 1 needs Track and a model of pose. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Sapiens", meta = (ClampMin = "1"))
	int32 DetectEvery = 1;

	/** Finds count with a score above this; 0: what is usual for the detector. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Sapiens", meta = (ClampMin = "0", ClampMax = "1"))
	float DetectThreshold = 0.0f;

	/** People get ids that last. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Sapiens")
	bool bTrack = false;

	/** Whom the tasks look at; everybody is tracked. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Sapiens")
	ESapiensPersonPolicy Policy = ESapiensPersonPolicy::All;

	/** How many the policy chooses; not for All. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Sapiens", meta = (ClampMin = "1"))
	int32 Count = 1;

	/** For Nearest To: pixels of the upright picture. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Sapiens")
	FVector2D Point = FVector2D::ZeroVector;

	/** Keypoints are steadied over time, beside the raw ones; needs Track. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Sapiens")
	bool bFilterKeypoints = false;

	/** Normals and pointmaps are steadied over time, beside the raw ones: those of the whole picture, with Track those of people. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Sapiens")
	bool bFilterMaps = false;
};
