// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "CoreMinimal.h"
#include "Containers/Ticker.h"
#include "SapiensTypes.h"
#include "Subsystems/EngineSubsystem.h"
#include "SapiensSubsystem.generated.h"

class FSapiensSession;

DECLARE_DYNAMIC_MULTICAST_DELEGATE_TwoParams(FSapiensModelLoaded, const FString&, Path, const FSapiensStatus&, Status);
DECLARE_DYNAMIC_MULTICAST_DELEGATE_ThreeParams(FSapiensLoadProgress, const FString&, Path, const FString&, Stage, float, Share);

/** The context of the library: its models, and the tick in which every callback runs. Game thread only. */
UCLASS()
class SAPIENS_API USapiensSubsystem : public UEngineSubsystem
{
	GENERATED_BODY()

public:
	virtual void Initialize(FSubsystemCollectionBase& Collection) override;
	virtual void Deinitialize() override;

	/** Null before the engine runs and after it ends. */
	static USapiensSubsystem* Get();

	/** Loads a model in the background; On Model Loaded has the answer. Path: below Content or absolute; empty: the demo model. */
	UFUNCTION(BlueprintCallable, Category = "Sapiens")
	void LoadModel(const FString& Path);

	/** Loads the person detector in the background, in place of one loaded before; On Detector Loaded has the answer. Path: below Content or absolute; empty: that of the demo model. */
	UFUNCTION(BlueprintCallable, Category = "Sapiens")
	void LoadDetector(const FString& Path);

	/** Whether there is a person detector. */
	UFUNCTION(BlueprintPure, Category = "Sapiens")
	bool HasDetector() const;

	/** Stops the loads that run; they answer "cancelled". */
	UFUNCTION(BlueprintCallable, Category = "Sapiens")
	FSapiensStatus CancelLoads();

	UFUNCTION(BlueprintPure, Category = "Sapiens")
	bool IsLoading() const;

	/** Whether the library is there and works; if not, why. */
	UFUNCTION(BlueprintCallable, Category = "Sapiens")
	FSapiensStatus GetStatus() const;

	UFUNCTION(BlueprintCallable, Category = "Sapiens")
	FSapiensStatus GetModels(TArray<FSapiensModel>& Models) const;

	/** Path and version of ONNX Runtime, and what it can run on. */
	UFUNCTION(BlueprintCallable, Category = "Sapiens")
	FSapiensStatus DescribeRuntime(FString& Description) const;

	UPROPERTY(BlueprintAssignable, Category = "Sapiens")
	FSapiensModelLoaded OnModelLoaded;

	UPROPERTY(BlueprintAssignable, Category = "Sapiens")
	FSapiensModelLoaded OnDetectorLoaded;

	UPROPERTY(BlueprintAssignable, Category = "Sapiens")
	FSapiensLoadProgress OnLoadProgress;

	/** For this plugin's own parts. Null if the library is missing. */
	TSharedPtr<FSapiensSession> GetSession() const { return Session; }

private:
	bool Tick(float DeltaSeconds);
	/** Loads by one of the calls of the session, and tells the event. */
	template <class TCall>
	void LoadBy(const FString& Path, FSapiensModelLoaded USapiensSubsystem::*Event, TCall Call);

	TSharedPtr<FSapiensSession> Session;
	FSapiensStatus Status;
	FTSTicker::FDelegateHandle TickHandle;
};
