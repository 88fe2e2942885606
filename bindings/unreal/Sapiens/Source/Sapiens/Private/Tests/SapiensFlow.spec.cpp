// SPDX-License-Identifier: MIT OR Apache-2.0

#include "Misc/AutomationTest.h"
#include "SapiensBlueprintLibrary.h"
#include "SapiensSession.h"
#include "SapiensSubsystem.h"
#include "UObject/Package.h"
#include "SapiensStreamComponent.h"

#if WITH_DEV_AUTOMATION_TESTS

BEGIN_DEFINE_SPEC(FSapiensFlowSpec, "Sapiens.Flow", EAutomationTestFlags::EditorContext | EAutomationTestFlags::ProductFilter)
END_DEFINE_SPEC(FSapiensFlowSpec)

void FSapiensFlowSpec::Define()
{
	Describe(TEXT("The library"), [this]()
	{
		It(TEXT("is there and names its keypoints"), [this]()
		{
			USapiensSubsystem* Subsystem = USapiensSubsystem::Get();
			if (!TestNotNull(TEXT("subsystem"), Subsystem))
			{
				return;
			}
			TestTrue(*Subsystem->GetStatus().Message, Subsystem->GetStatus().IsOk());
			const TArray<FSapiensKeypointInfo> Infos = USapiensBlueprintLibrary::GetKeypointInfos();
			TestTrue(TEXT("keypoints"), Infos.Num() > 0);
			for (const FSapiensLink& Link : USapiensBlueprintLibrary::GetLinks())
			{
				TestTrue(TEXT("a link between keypoints"), Infos.IsValidIndex(Link.From) && Infos.IsValidIndex(Link.To));
			}
			TestEqual(TEXT("no such keypoint"), USapiensBlueprintLibrary::FindKeypoint(FName("tentacle")), -1);
		});

		It(TEXT("says what is wrong with a model that is not there"), [this]()
		{
			const TSharedPtr<FSapiensSession> Session = USapiensSubsystem::Get()->GetSession();
			if (!TestTrue(TEXT("session"), Session.IsValid()))
			{
				return;
			}
			bool bHasAnswer = false;
			FSapiensStatus Status;
			Session->Core->load("/nowhere/model.safetensors", {}, [&](const sapiens::Expected<sapiens::ModelId>& Answer)
			{
				Status = Sapiens::ToStatus(Answer);
				bHasAnswer = true;
			});
			for (int32 Round = 0; Round < 1000 && !bHasAnswer; ++Round)
			{
				static_cast<void>(Session->Core->pump());
				FPlatformProcess::Sleep(0.01f);
			}
			TestTrue(TEXT("answer"), bHasAnswer);
			TestTrue(TEXT("fault"), Status.IsFault());
			TestTrue(TEXT("names the file"), Status.Message.Contains(TEXT("/nowhere/model.safetensors")));
		});
	});

	Describe(TEXT("A stream that is not running"), [this]()
	{
		It(TEXT("answers with an error"), [this]()
		{
			USapiensStreamComponent* Component = NewObject<USapiensStreamComponent>(GetTransientPackage());
			UTexture2D* Texture = nullptr;
			TestTrue(TEXT("map"), Component->GetMapTexture(ESapiensMap::Labels, ESapiensMapStyle::Picture, -1, Texture).IsFault());
			TestNull(TEXT("no texture"), Texture);
			TArray<FSapiensPoint> Points;
			TestTrue(TEXT("cloud"), Component->GetPointCloud(0, 1, Points).IsFault());
			Component->Stop();
			TestFalse(TEXT("running"), Component->IsRunning());
		});
	});
}

#endif
