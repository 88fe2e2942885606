// SPDX-License-Identifier: MIT OR Apache-2.0

#include "SapiensSubsystem.h"

#include "Async/Async.h"
#include "Engine/Engine.h"
#include "Misc/Paths.h"
#include "RenderingThread.h"
#include "SapiensConsole.h"
#include "SapiensLog.h"
#include "SapiensModule.h"
#include "SapiensSession.h"
#include "SapiensSettings.h"

DECLARE_CYCLE_STAT(TEXT("Process events"), STAT_SapiensEvents, STATGROUP_Sapiens);

namespace
{
	void WriteLog(sapiens::LogLevel Level, std::string_view Text)
	{
		const FString Message = Sapiens::ToString(Text);
		switch (Level)
		{
		case sapiens::LogLevel::error: UE_LOG(LogSapiens, Error, TEXT("%s"), *Message); break;
		case sapiens::LogLevel::warning: UE_LOG(LogSapiens, Warning, TEXT("%s"), *Message); break;
		case sapiens::LogLevel::info: UE_LOG(LogSapiens, Log, TEXT("%s"), *Message); break;
		default: UE_LOG(LogSapiens, Verbose, TEXT("%s"), *Message); break;
		}
	}

	sapiens::ContextOptions MakeOptions(const USapiensSettings& Settings)
	{
		sapiens::ContextOptions Options;
		const FString Devices = CVarSapiensDevices.GetValueOnGameThread();
		Options.devices = Sapiens::ToUtf8(Devices.IsEmpty() ? Settings.Devices : Devices);
		Options.onnxruntime_path = Sapiens::ToUtf8(CVarSapiensOnnxRuntime.GetValueOnGameThread());
		Options.threads = static_cast<uint32>(FMath::Max(Settings.Threads, 0));
		Options.memory_budget = static_cast<uint64>(FMath::Max(Settings.MemoryMegabytes, 0)) << 20;
		if (!Settings.CacheFolder.IsEmpty())
		{
			Options.cache_folder = Sapiens::ToUtf8(FPaths::ConvertRelativePathToFull(FPaths::ProjectSavedDir(), Settings.CacheFolder));
		}
		Options.log_level = static_cast<sapiens::LogLevel>(CVarSapiensLogLevel.GetValueOnGameThread());
		Options.on_log = WriteLog;
		return Options;
	}

	sapiens::LoadOptions MakeLoadOptions(const USapiensSettings& Settings)
	{
		sapiens::LoadOptions Options;
		Options.device_framing = Sapiens::ToDeviceFraming(Settings.DeviceFraming);
		Options.recorded = Settings.bRecordRuns;
		return Options;
	}
}

USapiensSubsystem* USapiensSubsystem::Get()
{
	return GEngine != nullptr ? GEngine->GetEngineSubsystem<USapiensSubsystem>() : nullptr;
}

void USapiensSubsystem::Initialize(FSubsystemCollectionBase& Collection)
{
	Super::Initialize(Collection);
	if (!FSapiensModule::IsLibraryLoaded())
	{
		Status = Sapiens::Unavailable();
		return;
	}
	const USapiensSettings& Settings = *GetDefault<USapiensSettings>();
	// A load blocks for seconds: a thread of its own, not one of a pool that others wait for.
	const auto Launch = [](std::function<void()> Work) { Async(EAsyncExecution::Thread, [Work = MoveTemp(Work)]() { Work(); }); };
	auto Made = sapiens::unreal::Session::create(MakeOptions(Settings), Launch);
	Status = Sapiens::ToStatus(Made);
	if (!Status.IsOk())
	{
		UE_LOG(LogSapiens, Error, TEXT("%s"), *Status.Message);
		return;
	}
	Session = MakeShared<FSapiensSession>(MoveTemp(*Made));
	TickHandle = FTSTicker::GetCoreTicker().AddTicker(FTickerDelegate::CreateUObject(this, &USapiensSubsystem::Tick));
	for (const FString& Model : Settings.Models)
	{
		LoadModel(Model);
	}
	if (Settings.Models.IsEmpty() && Settings.bLoadDemoModel)
	{
		LoadModel(FString());
	}
	if (!Settings.Detector.IsEmpty() || Settings.bLoadDemoDetector)
	{
		LoadDetector(Settings.Detector);
	}
}

void USapiensSubsystem::Deinitialize()
{
	FTSTicker::GetCoreTicker().RemoveTicker(TickHandle);
	if (Session.IsValid())
	{
		// The render thread lets go of its feeds before the library ends.
		FlushRenderingCommands();
		if (const auto Closed = Session->Core->close(); !Closed)
		{
			UE_LOG(LogSapiens, Warning, TEXT("%s"), *Sapiens::ToStatus(Closed.error()).Message);
		}
		Session.Reset();
	}
	Super::Deinitialize();
}

bool USapiensSubsystem::Tick(float)
{
	SCOPE_CYCLE_COUNTER(STAT_SapiensEvents);
	const TSharedPtr<FSapiensSession> Held = Session; // an event may end the engine
	if (!Held.IsValid())
	{
		return false;
	}
	const auto Done = Held->Core->pump();
	if (!Done && Status.IsOk())
	{
		Status = Sapiens::ToStatus(Done.error());
		UE_LOG(LogSapiens, Error, TEXT("%s"), *Status.Message);
	}
	return true;
}

template <class TCall>
void USapiensSubsystem::LoadBy(const FString& Path, FSapiensModelLoaded USapiensSubsystem::*Event, TCall Call)
{
	if (!Session.IsValid())
	{
		(this->*Event).Broadcast(Path, GetStatus());
		return;
	}
	const FString File = Path.IsEmpty() ? FString() : FPaths::ConvertRelativePathToFull(FPaths::ProjectContentDir(), Path);
	const TWeakObjectPtr<USapiensSubsystem> Weak(this);
	const auto Loaded = [Weak, Path, Event](const auto& Answer)
	{
		const FSapiensStatus Outcome = Sapiens::ToStatus(Answer);
		if (Outcome.IsFault())
		{
			UE_LOG(LogSapiens, Error, TEXT("model \"%s\": %s"), *Path, *Outcome.Message);
		}
		if (USapiensSubsystem* Self = Weak.Get())
		{
			(Self->*Event).Broadcast(Path, Outcome);
		}
	};
	const auto Progress = [Weak, Path](std::string_view Stage, double Share)
	{
		if (USapiensSubsystem* Self = Weak.Get())
		{
			Self->OnLoadProgress.Broadcast(Path, Sapiens::ToString(Stage), static_cast<float>(Share));
		}
	};
	Call(*Session->Core, Sapiens::ToUtf8(File), Loaded, Progress);
}

void USapiensSubsystem::LoadModel(const FString& Path)
{
	LoadBy(Path, &USapiensSubsystem::OnModelLoaded, [](sapiens::unreal::Session& Core, std::string File, auto Loaded, auto Progress)
	{
		Core.load(MoveTemp(File), MakeLoadOptions(*GetDefault<USapiensSettings>()), Loaded, Progress);
	});
}

void USapiensSubsystem::LoadDetector(const FString& Path)
{
	LoadBy(Path, &USapiensSubsystem::OnDetectorLoaded, [](sapiens::unreal::Session& Core, std::string File, auto Loaded, auto Progress)
	{
		Core.load_detector(MoveTemp(File), {}, Loaded, Progress);
	});
}

bool USapiensSubsystem::HasDetector() const
{
	return Session.IsValid() && Session->Core->detector().has_value();
}

FSapiensStatus USapiensSubsystem::CancelLoads()
{
	return Session.IsValid() ? Sapiens::ToStatus(Session->Core->cancel_loads()) : GetStatus();
}

bool USapiensSubsystem::IsLoading() const
{
	return Session.IsValid() && Session->Core->is_loading();
}

FSapiensStatus USapiensSubsystem::GetStatus() const
{
	return Session.IsValid() || Status.IsFault() ? Status : Sapiens::Unavailable();
}

FSapiensStatus USapiensSubsystem::GetModels(TArray<FSapiensModel>& Models) const
{
	Models.Reset();
	if (!Session.IsValid())
	{
		return GetStatus();
	}
	const auto Found = Session->Core->models();
	if (!Found)
	{
		return Sapiens::ToStatus(Found.error());
	}
	for (const sapiens::ModelInfo& Info : *Found)
	{
		FSapiensModel& Model = Models.AddDefaulted_GetRef();
		Model.Name = Sapiens::ToString(Info.name);
		Model.Tasks = Sapiens::FromTasks(Info.tasks);
		Model.Licence = Sapiens::ToString(Info.licence);
		Model.Device = Sapiens::ToString(Info.device);
		Model.Refused = Sapiens::ToString(Info.refused);
		Model.bFramesOnDevice = Info.frames_on_device;
		Model.InputSize = FIntPoint(static_cast<int32>(Info.input_width), static_cast<int32>(Info.input_height));
	}
	return FSapiensStatus();
}

FSapiensStatus USapiensSubsystem::DescribeRuntime(FString& Description) const
{
	Description.Empty();
	if (!Session.IsValid())
	{
		return GetStatus();
	}
	const auto Runtime = Session->Core->runtime();
	if (!Runtime)
	{
		return Sapiens::ToStatus(Runtime.error());
	}
	Description = FString::Printf(TEXT("ONNX Runtime %s, %s (%s)"), *Sapiens::ToString(Runtime->version),
		*Sapiens::ToString(Runtime->path), *Sapiens::ToString(Runtime->providers));
	return FSapiensStatus();
}
