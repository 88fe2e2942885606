// SPDX-License-Identifier: MIT OR Apache-2.0

#include "SapiensLiveLinkSource.h"

#include "HAL/PlatformTime.h"
#include "ILiveLinkClient.h"
#include "Roles/LiveLinkAnimationRole.h"
#include "Roles/LiveLinkAnimationTypes.h"
#include "Roles/LiveLinkBasicRole.h"
#include "Roles/LiveLinkBasicTypes.h"
#include "SapiensLog.h"
#include "SapiensSession.h"
#include "SapiensSubsystem.h"

#define LOCTEXT_NAMESPACE "Sapiens"

DECLARE_CYCLE_STAT(TEXT("Live Link"), STAT_SapiensLiveLink, STATGROUP_Sapiens);

/** The subjects of one source, and what they are made of. Game thread only. */
class FSapiensLiveLinkSubjects
{
public:
	FSapiensLiveLinkSubjects(ILiveLinkClient& InClient, FGuid InSource, FName Root) : Client(InClient), Source(InSource)
	{
		USapiensSubsystem* Subsystem = USapiensSubsystem::Get();
		const TSharedPtr<FSapiensSession> Found = Subsystem != nullptr ? Subsystem->GetSession() : nullptr;
		if (!Found.IsValid())
		{
			Fault = (Subsystem != nullptr ? Subsystem->GetStatus() : Sapiens::Unavailable()).Message;
			return;
		}
		const auto IsBody = [](sapiens::KeypointGroup Group) { return Group != sapiens::KeypointGroup::face; };
		auto Bones = sapiens::unreal::Skeleton::of_library(IsBody, Root.IsNone() ? std::string() : Sapiens::ToUtf8(Root.ToString()), "camera");
		auto Face = sapiens::unreal::Curves::of_library(sapiens::KeypointGroup::face);
		if (!Bones || !Face)
		{
			Fault = Sapiens::ToStatus(Bones ? Face.error() : Bones.error()).Message;
			return;
		}
		Skeleton = *MoveTemp(Bones);
		Curves = *MoveTemp(Face);
		Session = Found;
		Handle = Found->OnResult.AddRaw(this, &FSapiensLiveLinkSubjects::Push);
	}

	~FSapiensLiveLinkSubjects()
	{
		if (const TSharedPtr<FSapiensSession> Held = Session.Pin())
		{
			Held->OnResult.Remove(Handle);
		}
	}

	bool IsValid() const { return Session.IsValid(); }
	/** Why there is nothing; empty if all is well. */
	FString Fault;

private:
	struct FSubject
	{
		FLiveLinkSubjectKey Body;
		FLiveLinkSubjectKey Face;
		std::vector<sapiens::unreal::Vector> Offsets;
	};

	void Push(FName Name, const sapiens::Result& Result, const sapiens::unreal::FrameReading& Frame)
	{
		SCOPE_CYCLE_COUNTER(STAT_SapiensLiveLink);
		for (std::size_t Index = 0; Index < Frame.people.size(); ++Index)
		{
			sapiens::unreal::PersonReading Person = Frame.people[Index];
			if (Person.keypoints.empty())
			{
				continue;
			}
			Order.apply(Person.keypoints, sapiens::Keypoint{});
			const double Time = std::chrono::duration<double>(Frame.timestamp).count();
			// Whoever is tracked keeps the subject; the order of the list is nobody's.
			FSubject& Subject = FindOrMake(Name, static_cast<int32>(Person.who.id > 0 ? Person.who.id : Index));
			PushFace(Subject, Person, Time);
			const auto Read = sapiens::unreal::read_keypoints_in_space(Result, static_cast<uint32>(Index), Places);
			if (Read)
			{
				Order.apply(Places, std::optional<sapiens::unreal::Vector>());
				PushBody(Subject, Person, Time);
			}
			Fault = Read ? FString() : Sapiens::ToStatus(Read.error()).Message + TEXT(" (bodies need a model of pose and one of points)");
		}
	}

	void PushBody(FSubject& Subject, const sapiens::unreal::PersonReading& Person, double Time)
	{
		Skeleton.pose(Places, Subject.Offsets);
		FLiveLinkFrameDataStruct Data(FLiveLinkAnimationFrameData::StaticStruct());
		FLiveLinkAnimationFrameData& Animation = *Data.Cast<FLiveLinkAnimationFrameData>();
		Animation.WorldTime = FLiveLinkWorldTime(Time);
		for (std::size_t Index = 0; Index < Skeleton.bones().size(); ++Index)
		{
			const std::optional<uint32> Keypoint = Skeleton.bones()[Index].keypoint;
			Animation.Transforms.Add(FTransform(Sapiens::ToVector(Subject.Offsets[Index])));
			if (Keypoint)
			{
				// Curves of the bones' names: how sure each was found, 0 where nothing lies below it.
				const bool bIsFound = *Keypoint < Places.size() && Places[*Keypoint].has_value();
				Animation.PropertyValues.Add(bIsFound ? Person.keypoints[*Keypoint].score : 0.0f);
			}
		}
		Client.PushSubjectFrameData_AnyThread(Subject.Body, MoveTemp(Data));
	}

	void PushFace(FSubject& Subject, const sapiens::unreal::PersonReading& Person, double Time)
	{
		Curves.read(Person, Values);
		FLiveLinkFrameDataStruct Data(FLiveLinkBaseFrameData::StaticStruct());
		FLiveLinkBaseFrameData& Face = *Data.Cast<FLiveLinkBaseFrameData>();
		Face.WorldTime = FLiveLinkWorldTime(Time);
		Face.PropertyValues.Append(Values.data(), static_cast<int32>(Values.size()));
		Client.PushSubjectFrameData_AnyThread(Subject.Face, MoveTemp(Data));
	}

	FSubject& FindOrMake(FName Name, int32 Person)
	{
		const FString Base = FString::Printf(TEXT("%s_%d"), *Name.ToString(), Person);
		if (FSubject* Found = Subjects.Find(Base))
		{
			return *Found;
		}
		FSubject& Subject = Subjects.Add(Base);
		Subject.Body = FLiveLinkSubjectKey(Source, FName(*(Base + TEXT("_Body"))));
		Subject.Face = FLiveLinkSubjectKey(Source, FName(*(Base + TEXT("_Face"))));

		FLiveLinkStaticDataStruct Body(FLiveLinkSkeletonStaticData::StaticStruct());
		FLiveLinkSkeletonStaticData& Bones = *Body.Cast<FLiveLinkSkeletonStaticData>();
		TArray<FName> Names;
		TArray<int32> Parents;
		for (const sapiens::unreal::Bone& Bone : Skeleton.bones())
		{
			Names.Add(FName(*Sapiens::ToString(Bone.name)));
			Parents.Add(Bone.parent);
			if (Bone.keypoint)
			{
				Bones.PropertyNames.Add(Names.Last());
			}
		}
		Bones.SetBoneNames(Names);
		Bones.SetBoneParents(Parents);
		Client.PushSubjectStaticData_AnyThread(Subject.Body, ULiveLinkAnimationRole::StaticClass(), MoveTemp(Body));

		FLiveLinkStaticDataStruct Face(FLiveLinkBaseStaticData::StaticStruct());
		for (const std::string& Curve : Curves.names)
		{
			Face.Cast<FLiveLinkBaseStaticData>()->PropertyNames.Add(FName(*Sapiens::ToString(Curve)));
		}
		Client.PushSubjectStaticData_AnyThread(Subject.Face, ULiveLinkBasicRole::StaticClass(), MoveTemp(Face));
		return Subject;
	}

	ILiveLinkClient& Client;
	FGuid Source;
	TWeakPtr<FSapiensSession> Session;
	FDelegateHandle Handle;
	sapiens::unreal::Skeleton Skeleton;
	sapiens::unreal::Curves Curves;
	sapiens::unreal::CommonOrder Order;
	TMap<FString, FSubject> Subjects;
	std::vector<std::optional<sapiens::unreal::Vector>> Places;
	std::vector<float> Values;
};

FSapiensLiveLinkSource::FSapiensLiveLinkSource(FName InRoot) : Root(InRoot) {}

FSapiensLiveLinkSource::~FSapiensLiveLinkSource() = default;

void FSapiensLiveLinkSource::ReceiveClient(ILiveLinkClient* InClient, FGuid InSourceGuid)
{
	check(IsInGameThread());
	Subjects.Reset();
	if (InClient == nullptr)
	{
		return;
	}
	Subjects = MakeShared<FSapiensLiveLinkSubjects>(*InClient, InSourceGuid, Root);
	if (!Subjects->Fault.IsEmpty())
	{
		UE_LOG(LogSapiens, Error, TEXT("Live Link: %s"), *Subjects->Fault);
	}
}

bool FSapiensLiveLinkSource::IsSourceStillValid() const
{
	return Subjects.IsValid() && Subjects->IsValid();
}

bool FSapiensLiveLinkSource::RequestSourceShutdown()
{
	Subjects.Reset();
	return true;
}

FText FSapiensLiveLinkSource::GetSourceType() const
{
	return LOCTEXT("SourceType", "Sapiens");
}

FText FSapiensLiveLinkSource::GetSourceMachineName() const
{
	return LOCTEXT("SourceMachine", "This machine");
}

FText FSapiensLiveLinkSource::GetSourceStatus() const
{
	if (Subjects.IsValid() && !Subjects->Fault.IsEmpty())
	{
		return FText::FromString(Subjects->Fault);
	}
	return IsSourceStillValid() ? LOCTEXT("SourceActive", "Active") : LOCTEXT("SourceEnded", "Ended");
}

FText USapiensLiveLinkSourceFactory::GetSourceDisplayName() const
{
	return LOCTEXT("FactoryName", "Sapiens");
}

FText USapiensLiveLinkSourceFactory::GetSourceTooltip() const
{
	return LOCTEXT("FactoryTooltip", "Bodies and faces of the people that running Sapiens streams see");
}

TSharedPtr<ILiveLinkSource> USapiensLiveLinkSourceFactory::CreateSource(const FString& ConnectionString) const
{
	return MakeShared<FSapiensLiveLinkSource>(ConnectionString.IsEmpty() ? NAME_None : FName(*ConnectionString));
}

#undef LOCTEXT_NAMESPACE
