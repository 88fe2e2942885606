// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "CoreMinimal.h"
#include "Components/ActorComponent.h"
#include "SapiensTypes.h"
#include "SapiensStreamComponent.generated.h"

class FSapiensStream;
class UTexture;
class UTexture2D;

DECLARE_DYNAMIC_MULTICAST_DELEGATE_OneParam(FSapiensFrameEvent, const FSapiensFrame&, Frame);
DECLARE_DYNAMIC_MULTICAST_DELEGATE_OneParam(FSapiensErrorEvent, const FSapiensStatus&, Status);

/** Looks at a render target or media texture, without ever waiting for the GPU or for the models. Events come on the game thread. */
UCLASS(ClassGroup = (Sapiens), meta = (BlueprintSpawnableComponent))
class SAPIENS_API USapiensStreamComponent : public UActorComponent
{
	GENERATED_BODY()

public:
	USapiensStreamComponent();

	virtual void BeginPlay() override;
	virtual void EndPlay(const EEndPlayReason::Type EndPlayReason) override;
	virtual void OnUnregister() override;
	virtual void TickComponent(float DeltaTime, ELevelTick TickType, FActorComponentTickFunction* ThisTickFunction) override;

	/** Where pictures come from: 8 bits per channel (render targets: RTF RGBA8; media textures as they are). */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Sapiens")
	TObjectPtr<UTexture> Source;

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Sapiens")
	bool bStartAutomatically = true;

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Sapiens")
	ESapiensPolicy Policy = ESapiensPolicy::LatestOnly;

	/** Whether frames overlap. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Sapiens")
	ESapiensOverlap Overlap = ESapiensOverlap::Auto;

	/** Captures of Source per second at most, however fast the game runs; 0: one every frame. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Sapiens", meta = (ClampMin = "0"))
	float MaxCapturesPerSecond = 30.0f;

	/** What to look for; nothing named: everything the loaded models can. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Sapiens")
	TSet<ESapiensTask> Tasks;

	/** Tasks that run on every n-th frame only; 0: never. In between results carry what was found last. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Sapiens")
	TMap<ESapiensTask, int32> EveryNthFrame;

	/** Time a frame should take at most; tasks that would take longer wait for a later one. 0: no limit. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Sapiens", meta = (ClampMin = "0"))
	float BudgetMilliseconds = 0.0f;

	/** Results carry the picture that was looked at: map Image, colours of point clouds. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Sapiens")
	bool bKeepPicture = false;

	/** Detector, ids that last, steadied keypoints and maps. Set People changes it while the stream runs. */
	UPROPERTY(EditAnywhere, BlueprintReadOnly, Category = "Sapiens")
	FSapiensPeopleOptions People;

	/** Memory in MiB of the people that are looked at in one run of a model; 0: the library's default. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Sapiens", meta = (ClampMin = "0"))
	int32 BatchMegabytes = 0;

	/** One box per person, in pixels of the picture; none: People says who is there, else the whole picture is one person. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Sapiens")
	TArray<FBox2D> Boxes;

	/** Live Link subjects are called after it. Empty: after the actor. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Sapiens")
	FName SubjectName;

	UPROPERTY(BlueprintAssignable, Category = "Sapiens")
	FSapiensFrameEvent OnFrame;

	/** The texture or a frame cannot be used; once per reason, not per frame. */
	UPROPERTY(BlueprintAssignable, Category = "Sapiens")
	FSapiensErrorEvent OnError;

	/** Begins to capture Source. Settings above are read now. */
	UFUNCTION(BlueprintCallable, Category = "Sapiens")
	FSapiensStatus Start();

	/** Ends it; no event comes after this. */
	UFUNCTION(BlueprintCallable, Category = "Sapiens")
	void Stop();

	/** Changes what is done about people, from the next frame on, and for later starts. Ids go on. */
	UFUNCTION(BlueprintCallable, Category = "Sapiens")
	FSapiensStatus SetPeople(const FSapiensPeopleOptions& Options);

	/** Somebody may have come in: a detector that rests between its turns looks at the next frame. */
	UFUNCTION(BlueprintCallable, Category = "Sapiens")
	FSapiensStatus ExpectEntry();

	UFUNCTION(BlueprintPure, Category = "Sapiens")
	bool IsRunning() const;

	/** The newest frame; number 0 before the first. */
	UFUNCTION(BlueprintPure, Category = "Sapiens")
	const FSapiensFrame& GetLatestFrame() const { return LatestFrame; }

	/** A map of the newest frame as a texture that is used again by the next call for the same map. Person -1: the whole picture. */
	UFUNCTION(BlueprintCallable, Category = "Sapiens")
	FSapiensStatus GetMapTexture(ESapiensMap Map, ESapiensMapStyle Style, int32 Person, UTexture2D*& Texture);

	/** The pointmap of the newest frame, every Step-th pixel of every Step-th row. Person -1: the whole picture. */
	UFUNCTION(BlueprintCallable, Category = "Sapiens")
	FSapiensStatus GetPointCloud(int32 Person, int32 Step, TArray<FSapiensPoint>& Points);

	/** Where a keypoint is, in centimetres as seen from the camera; by the pointmap below it. */
	UFUNCTION(BlueprintCallable, Category = "Sapiens")
	FSapiensStatus GetKeypointLocation(int32 Person, FName Keypoint, FVector& Location);

private:
	void Report(const FSapiensStatus& Status);

	UPROPERTY(Transient)
	TMap<int32, TObjectPtr<UTexture2D>> Textures;

	FSapiensFrame LatestFrame;
	double LastCapture = 0.0;
	FString LastReport;
	TSharedPtr<FSapiensStream> Stream;
};
