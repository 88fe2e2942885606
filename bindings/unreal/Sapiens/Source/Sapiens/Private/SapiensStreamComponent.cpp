// SPDX-License-Identifier: MIT OR Apache-2.0

#include "SapiensStreamComponent.h"

#include "Engine/Texture.h"
#include "Engine/Texture2D.h"
#include "GameFramework/Actor.h"
#include "HAL/PlatformTime.h"
#include "SapiensBlueprintLibrary.h"
#include "SapiensConsole.h"
#include "SapiensLog.h"
#include "SapiensMapTexture.h"
#include "SapiensSession.h"
#include "SapiensStream.h"
#include "SapiensSubsystem.h"

DECLARE_CYCLE_STAT(TEXT("Results to events"), STAT_SapiensResults, STATGROUP_Sapiens);
DECLARE_FLOAT_COUNTER_STAT(TEXT("Frame, submit to result (ms)"), STAT_SapiensFrame, STATGROUP_Sapiens);
DECLARE_DWORD_COUNTER_STAT(TEXT("Frames dropped"), STAT_SapiensDropped, STATGROUP_Sapiens);

USapiensStreamComponent::USapiensStreamComponent()
{
	PrimaryComponentTick.bCanEverTick = true;
	// After cameras and scene captures have been moved and asked for.
	PrimaryComponentTick.TickGroup = TG_LastDemotable;
}

void USapiensStreamComponent::BeginPlay()
{
	Super::BeginPlay();
	if (bStartAutomatically)
	{
		Report(Start());
	}
}

void USapiensStreamComponent::EndPlay(const EEndPlayReason::Type EndPlayReason)
{
	Stop();
	Super::EndPlay(EndPlayReason);
}

void USapiensStreamComponent::OnUnregister()
{
	// Also where play never began or did not end: previews, recompiled Blueprints.
	Stop();
	Super::OnUnregister();
}

FSapiensStatus USapiensStreamComponent::Start()
{
	Stop();
	USapiensSubsystem* Subsystem = USapiensSubsystem::Get();
	const TSharedPtr<FSapiensSession> Session = Subsystem != nullptr ? Subsystem->GetSession() : nullptr;
	if (!Session.IsValid())
	{
		return Subsystem != nullptr ? Subsystem->GetStatus() : Sapiens::Unavailable();
	}
	sapiens::StreamOptions Options;
	static_cast<sapiens::PeopleOptions&>(Options) = Sapiens::ToPeople(People);
	Options.batch_memory = static_cast<uint64>(FMath::Max(BatchMegabytes, 0)) << 20;
	Options.policy = Sapiens::ToPolicy(Policy);
	Options.overlap = Sapiens::ToOverlap(Overlap);
	Options.tasks = Sapiens::ToTasks(Tasks);
	Options.keep_image = bKeepPicture;
	Options.budget = std::chrono::nanoseconds(static_cast<int64>(FMath::Max(BudgetMilliseconds, 0.0f) * 1.0e6));

	const FName Subject = SubjectName.IsNone() && GetOwner() != nullptr ? GetOwner()->GetFName() : SubjectName;
	const TWeakObjectPtr<USapiensStreamComponent> Weak(this);
	const TWeakPtr<FSapiensSession> WeakSession(Session);
	const auto OnResult = [Weak, WeakSession, Subject](const sapiens::Result& Result)
	{
		SCOPE_CYCLE_COUNTER(STAT_SapiensResults);
		USapiensStreamComponent* Self = Weak.Get();
		const TSharedPtr<FSapiensStream> Held = Self != nullptr ? Self->Stream : nullptr; // an event may stop it
		if (!Held.IsValid())
		{
			return;
		}
		if (const auto Read = sapiens::unreal::read_frame(Result, Held->Frame); !Read)
		{
			Self->Report(Sapiens::ToStatus(Read.error()));
			return;
		}
		Held->Latest = Result.share();
		Self->LatestFrame = Sapiens::ToFrame(Held->Frame);
		SET_FLOAT_STAT(STAT_SapiensFrame, Self->LatestFrame.Milliseconds);
		INC_DWORD_STAT_BY(STAT_SapiensDropped, static_cast<uint32>(Self->LatestFrame.DroppedBefore));
		if (const TSharedPtr<FSapiensSession> Listeners = WeakSession.Pin())
		{
			Listeners->OnResult.Broadcast(Subject, Result, Held->Frame);
		}
		Self->Report(Self->LatestFrame.Status);
		// Last: what it calls may destroy the component.
		const FSapiensFrame Frame = Self->LatestFrame;
		Self->OnFrame.Broadcast(Frame);
	};

	FSapiensStatus Status;
	Stream = FSapiensStream::Open(Session.ToSharedRef(), MoveTemp(Options), OnResult, Status);
	for (const TPair<ESapiensTask, int32>& Pair : EveryNthFrame)
	{
		if (!Stream.IsValid())
		{
			break;
		}
		sapiens::TaskOptions Cadence;
		Cadence.every_n = static_cast<uint32>(FMath::Max(Pair.Value, 0));
		const auto Done = Stream->GetFeed().set_task(Sapiens::ToTask(Pair.Key), Cadence);
		if (!Done)
		{
			Status = Sapiens::ToStatus(Done.error());
			Stream.Reset();
		}
	}
	LastReport.Empty();
	return Status;
}

void USapiensStreamComponent::Stop()
{
	// The stream ends before its memory: nothing comes from it while it is taken down.
	const TSharedPtr<FSapiensStream> Ending = MoveTemp(Stream);
	Stream.Reset();
	LatestFrame = FSapiensFrame();
}

FSapiensStatus USapiensStreamComponent::SetPeople(const FSapiensPeopleOptions& Options)
{
	if (Stream.IsValid())
	{
		const FSapiensStatus Status = Sapiens::ToStatus(Stream->GetFeed().set_people(Sapiens::ToPeople(Options)));
		if (!Status.IsOk())
		{
			return Status;
		}
	}
	People = Options;
	return FSapiensStatus();
}

FSapiensStatus USapiensStreamComponent::ExpectEntry()
{
	return Stream.IsValid() ? Sapiens::ToStatus(Stream->GetFeed().expect_entry()) : Sapiens::NotRunning();
}

bool USapiensStreamComponent::IsRunning() const
{
	return Stream.IsValid();
}

void USapiensStreamComponent::TickComponent(float DeltaTime, ELevelTick TickType, FActorComponentTickFunction* ThisTickFunction)
{
	Super::TickComponent(DeltaTime, TickType, ThisTickFunction);
	const TSharedPtr<FSapiensStream> Held = Stream;
	if (!Held.IsValid() || Source == nullptr || CVarSapiensPause.GetValueOnGameThread() != 0)
	{
		return;
	}
	// What has arrived is fetched in every frame, whether or not it is time for another copy.
	const double Now = FPlatformTime::Seconds();
	const bool bIsDue = MaxCapturesPerSecond <= 0.0f || (Now - LastCapture) * MaxCapturesPerSecond >= 1.0;
	LastCapture = bIsDue ? Now : LastCapture;
	Held->Capture(bIsDue ? Source.Get() : nullptr, Boxes);
	Report(Held->GetStatus());
}

void USapiensStreamComponent::Report(const FSapiensStatus& Status)
{
	if (!Status.IsFault())
	{
		return;
	}
	if (Status.Message == LastReport)
	{
		return; // said already
	}
	LastReport = Status.Message;
	UE_LOG(LogSapiens, Warning, TEXT("%s: %s"), *GetPathName(), *Status.Message);
	OnError.Broadcast(Status);
}

FSapiensStatus USapiensStreamComponent::GetMapTexture(ESapiensMap Map, ESapiensMapStyle Style, int32 Person, UTexture2D*& Texture)
{
	Texture = nullptr;
	if (!Stream.IsValid())
	{
		return Sapiens::NotRunning();
	}
	const auto As = Style == ESapiensMapStyle::Values ? sapiens::unreal::MapStyle::values : sapiens::unreal::MapStyle::picture;
	const auto Read = sapiens::unreal::read_map(Stream->Latest, Person, Sapiens::ToMapKind(Map), As, Stream->Map);
	if (!Read)
	{
		return Sapiens::ToStatus(Read.error());
	}
	// One texture for each map that is asked for.
	const int32 Key = ((Person + 1) * 256 + static_cast<int32>(Map)) * 2 + static_cast<int32>(Style);
	TObjectPtr<UTexture2D>& Kept = Textures.FindOrAdd(Key);
	Kept = Sapiens::UpdateTexture(Kept, Stream->Map);
	Texture = Kept;
	return FSapiensStatus();
}

FSapiensStatus USapiensStreamComponent::GetPointCloud(int32 Person, int32 Step, TArray<FSapiensPoint>& Points)
{
	Points.Reset();
	if (!Stream.IsValid())
	{
		return Sapiens::NotRunning();
	}
	std::vector<sapiens::unreal::CloudPoint> Cloud;
	const auto Read = sapiens::unreal::read_cloud(Stream->Latest, Person, static_cast<uint32>(FMath::Max(Step, 0)), Cloud);
	if (!Read)
	{
		return Sapiens::ToStatus(Read.error());
	}
	Points.Reserve(static_cast<int32>(Cloud.size()));
	for (const sapiens::unreal::CloudPoint& From : Cloud)
	{
		FSapiensPoint& Point = Points.AddDefaulted_GetRef();
		Point.Location = Sapiens::ToVector(From.position);
		Point.Color = Sapiens::ToColor(From.color);
	}
	return FSapiensStatus();
}

FSapiensStatus USapiensStreamComponent::GetKeypointLocation(int32 Person, FName Keypoint, FVector& Location)
{
	Location = FVector::ZeroVector;
	if (!Stream.IsValid())
	{
		return Sapiens::NotRunning();
	}
	const int32 Index = USapiensBlueprintLibrary::FindKeypoint(Keypoint);
	if (Index < 0 || Person < 0)
	{
		return Sapiens::ToStatus(sapiens::Error{sapiens::StatusCode::invalid_argument,
			"there is no person " + std::to_string(Person) + " or no keypoint \"" + Sapiens::ToUtf8(Keypoint.ToString()) +
				"\"; Get Keypoint Infos has the names"});
	}
	std::vector<std::optional<sapiens::unreal::Vector>> Places;
	const auto Read = sapiens::unreal::read_keypoints_in_space(Stream->Latest, static_cast<uint32>(Person), Places);
	if (!Read)
	{
		return Sapiens::ToStatus(Read.error());
	}
	const auto At = static_cast<std::size_t>(Index);
	if (At >= Places.size() || !Places[At])
	{
		return Sapiens::ToStatus(sapiens::Error{sapiens::StatusCode::absent, "no point of the pointmap lies below the keypoint"});
	}
	Location = Sapiens::ToVector(*Places[At]);
	return FSapiensStatus();
}
