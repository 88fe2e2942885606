// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "CoreMinimal.h"
#include "ILiveLinkSource.h"
#include "LiveLinkSourceFactory.h"
#include "SapiensLiveLinkSource.generated.h"

class FSapiensLiveLinkSubjects;

/** Every running stream as Live Link subjects: per person NAME_0_Body (animation) and NAME_0_Face (curves). */
class SAPIENS_API FSapiensLiveLinkSource : public ILiveLinkSource
{
public:
	/** InRoot: name of the keypoint that the skeleton hangs from; none: the library's first. */
	explicit FSapiensLiveLinkSource(FName InRoot = NAME_None);
	virtual ~FSapiensLiveLinkSource() override;

	virtual void ReceiveClient(ILiveLinkClient* InClient, FGuid InSourceGuid) override;
	virtual bool IsSourceStillValid() const override;
	virtual bool RequestSourceShutdown() override;
	virtual FText GetSourceType() const override;
	virtual FText GetSourceMachineName() const override;
	virtual FText GetSourceStatus() const override;

private:
	FName Root;
	TSharedPtr<FSapiensLiveLinkSubjects> Subjects;
};

/** The entry of the Live Link window's source menu. */
UCLASS()
class SAPIENS_API USapiensLiveLinkSourceFactory : public ULiveLinkSourceFactory
{
	GENERATED_BODY()

public:
	virtual FText GetSourceDisplayName() const override;
	virtual FText GetSourceTooltip() const override;
	virtual EMenuType GetMenuType() const override { return EMenuType::MenuEntry; }
	/** ConnectionString: the name of the root keypoint, or empty. */
	virtual TSharedPtr<ILiveLinkSource> CreateSource(const FString& ConnectionString) const override;
};
