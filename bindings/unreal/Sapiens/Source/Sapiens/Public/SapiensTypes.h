// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "CoreMinimal.h"
#include "SapiensPeople.h"
#include "SapiensTypes.generated.h"

/** What a model can look for. */
UENUM(BlueprintType)
enum class ESapiensTask : uint8
{
	Pose,
	Seg,
	Normal,
	Pointmap,
	Albedo,
	Matting,
	Features,
	/** Relative depth, of Sapiens v1. */
	Depth
};

/** What happens when frames come faster than they are worked on. */
UENUM(BlueprintType)
enum class ESapiensPolicy : uint8
{
	/** Nothing is dropped; frames that find no room are not taken. */
	Block,
	/** The oldest goes. */
	DropOldest,
	/** One frame waits, the newest: the least latency. */
	LatestOnly
};

/** Whether frames overlap: while the models run on one, the next is made ready and the maps of the one before are finished. */
UENUM(BlueprintType)
enum class ESapiensOverlap : uint8
{
	/** Where the first device is not the processor, with the policy Block. */
	Auto,
	/** Always: more frames per second, older results. With the other policies a frame taken ahead is not replaced by a newer one. */
	On,
	/** Never. */
	Off
};

/** Where pictures are brought to what a model sees. */
UENUM(BlueprintType)
enum class ESapiensDeviceFraming : uint8
{
	/** On the device of the model, unless that is the processor or cannot. */
	Auto,
	/** On the device of the model; loading fails where it cannot. */
	On,
	/** On the processor. */
	Off
};

/** A dense map of a frame. */
UENUM(BlueprintType)
enum class ESapiensMap : uint8
{
	Labels,
	Confidence,
	Normals,
	Points,
	Albedo,
	Alpha,
	Foreground,
	/** The picture that was looked at; needs Keep Picture. */
	Image,
	/** Relative depth: about 0 at the nearest point of a person, about 1 at the farthest; pictures of it are bright where it is near. */
	Depth
};

/** What a map becomes in a texture. */
UENUM(BlueprintType)
enum class ESapiensMapStyle : uint8
{
	/** 8 bits per channel: parts in the colours of the library, normals as (n + 1) / 2. */
	Picture,
	/** 32-bit floats; normals and points (centimetres) in Unreal's axes, as seen from the camera. A is 1, or 0 where there is nothing. */
	Values
};

/** The outcome of a call. Code 0 is success, above 0 nothing yet, below 0 a fault that Message explains. */
USTRUCT(BlueprintType)
struct SAPIENS_API FSapiensStatus
{
	GENERATED_BODY()

	UPROPERTY(BlueprintReadOnly, Category = "Sapiens")
	int32 Code = 0;

	/** In the library's words, such as "not found". */
	UPROPERTY(BlueprintReadOnly, Category = "Sapiens")
	FString Name;

	/** What was wrong and what would be right. */
	UPROPERTY(BlueprintReadOnly, Category = "Sapiens")
	FString Message;

	bool IsOk() const { return Code == 0; }
	bool IsFault() const { return Code < 0; }
};

/** A keypoint of a person, in the order of Get Keypoint Infos. */
USTRUCT(BlueprintType)
struct SAPIENS_API FSapiensKeypoint
{
	GENERATED_BODY()

	/** Pixels of the upright picture, x right, y down, pixel centres at integers. */
	UPROPERTY(BlueprintReadOnly, Category = "Sapiens")
	FVector2D Pixel = FVector2D::ZeroVector;

	/** About 1 for a sure find, 0 for none. Not a probability. */
	UPROPERTY(BlueprintReadOnly, Category = "Sapiens")
	float Score = 0.0f;
};

USTRUCT(BlueprintType)
struct SAPIENS_API FSapiensPerson
{
	GENERATED_BODY()

	/** Pixels of the upright picture. */
	UPROPERTY(BlueprintReadOnly, Category = "Sapiens")
	FBox2D Box = FBox2D(ForceInit);

	/** Empty where no pose has been looked for yet. */
	UPROPERTY(BlueprintReadOnly, Category = "Sapiens")
	TArray<FSapiensKeypoint> Keypoints;

	/** The same, steadied over time; empty unless keypoints are filtered. */
	UPROPERTY(BlueprintReadOnly, Category = "Sapiens")
	TArray<FSapiensKeypoint> Filtered;

	/** Frames since the one the pose was found in: 0 for this one. */
	UPROPERTY(BlueprintReadOnly, Category = "Sapiens")
	int32 PoseAge = 0;

	/** Who it is: from 1, the same from frame to frame; 0 if people are not tracked, as all that follows. */
	UPROPERTY(BlueprintReadOnly, Category = "Sapiens")
	int64 Id = 0;

	UPROPERTY(BlueprintReadOnly, Category = "Sapiens")
	ESapiensTrackState State = ESapiensTrackState::None;

	UPROPERTY(BlueprintReadOnly, Category = "Sapiens")
	ESapiensBoxOrigin Origin = ESapiensBoxOrigin::Image;

	/** How sure the box is, 0 to 1; negative where nobody knows. */
	UPROPERTY(BlueprintReadOnly, Category = "Sapiens")
	float Score = -1.0f;

	/** Frames since the first sighting, this one included. */
	UPROPERTY(BlueprintReadOnly, Category = "Sapiens")
	int32 AgeFrames = 0;

	/** Seconds since the last sighting. */
	UPROPERTY(BlueprintReadOnly, Category = "Sapiens")
	float UnseenSeconds = 0.0f;

	/** Whether the policy chooses this person: the tasks look at nobody else. */
	UPROPERTY(BlueprintReadOnly, Category = "Sapiens")
	bool bIsChosen = true;

	/** False: the pointmap shows another shape than the one before; trust neither. True where maps are not filtered. */
	UPROPERTY(BlueprintReadOnly, Category = "Sapiens")
	bool bHasValidPoints = true;
};

USTRUCT(BlueprintType)
struct SAPIENS_API FSapiensFrame
{
	GENERATED_BODY()

	/** From 1, as the frames were taken. */
	UPROPERTY(BlueprintReadOnly, Category = "Sapiens")
	int64 Number = 0;

	/** When it was captured, in seconds of FPlatformTime. */
	UPROPERTY(BlueprintReadOnly, Category = "Sapiens")
	double Time = 0.0;

	/** Whether the frame was worked on; if not there is nobody in it. */
	UPROPERTY(BlueprintReadOnly, Category = "Sapiens")
	FSapiensStatus Status;

	UPROPERTY(BlueprintReadOnly, Category = "Sapiens")
	FIntPoint Size = FIntPoint::ZeroValue;

	UPROPERTY(BlueprintReadOnly, Category = "Sapiens")
	TArray<FSapiensPerson> People;

	/** Whether the detector looked at this frame. */
	UPROPERTY(BlueprintReadOnly, Category = "Sapiens")
	bool bDetectorRan = false;

	/** Frames dropped since the one before. */
	UPROPERTY(BlueprintReadOnly, Category = "Sapiens")
	int64 DroppedBefore = 0;

	/** From submit to the finished result. */
	UPROPERTY(BlueprintReadOnly, Category = "Sapiens")
	float Milliseconds = 0.0f;
};

USTRUCT(BlueprintType)
struct SAPIENS_API FSapiensPoint
{
	GENERATED_BODY()

	/** Centimetres, as seen from the camera: X forward, Y right, Z up. */
	UPROPERTY(BlueprintReadOnly, Category = "Sapiens")
	FVector Location = FVector::ZeroVector;

	UPROPERTY(BlueprintReadOnly, Category = "Sapiens")
	FColor Color = FColor::White;
};

/** A keypoint as the library describes it. */
USTRUCT(BlueprintType)
struct SAPIENS_API FSapiensKeypointInfo
{
	GENERATED_BODY()

	UPROPERTY(BlueprintReadOnly, Category = "Sapiens")
	FName Name;

	UPROPERTY(BlueprintReadOnly, Category = "Sapiens")
	FColor Color = FColor::White;
};

/** A line to draw between two keypoints. */
USTRUCT(BlueprintType)
struct SAPIENS_API FSapiensLink
{
	GENERATED_BODY()

	UPROPERTY(BlueprintReadOnly, Category = "Sapiens")
	int32 From = 0;

	UPROPERTY(BlueprintReadOnly, Category = "Sapiens")
	int32 To = 0;

	UPROPERTY(BlueprintReadOnly, Category = "Sapiens")
	FColor Color = FColor::White;
};

/** A loaded model, and what really runs. */
USTRUCT(BlueprintType)
struct SAPIENS_API FSapiensModel
{
	GENERATED_BODY()

	UPROPERTY(BlueprintReadOnly, Category = "Sapiens")
	FString Name;

	UPROPERTY(BlueprintReadOnly, Category = "Sapiens")
	TArray<ESapiensTask> Tasks;

	/** Terms of the weights. */
	UPROPERTY(BlueprintReadOnly, Category = "Sapiens")
	FString Licence;

	/** Where it runs. */
	UPROPERTY(BlueprintReadOnly, Category = "Sapiens")
	FString Device;

	/** Devices listed before it that could not be used, and what its device does not record, and why. */
	UPROPERTY(BlueprintReadOnly, Category = "Sapiens")
	FString Refused;

	/** Whether pictures are brought to what it sees on its device. */
	UPROPERTY(BlueprintReadOnly, Category = "Sapiens")
	bool bFramesOnDevice = false;

	UPROPERTY(BlueprintReadOnly, Category = "Sapiens")
	FIntPoint InputSize = FIntPoint::ZeroValue;
};
