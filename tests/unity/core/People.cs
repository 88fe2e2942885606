// People: the detector, ids that last, raw and steadied keypoints and maps, options that change at work.
using Sapiens;

internal static class People
{
    internal static void Run(string photo)
    {
        using (SapiensContext context = Check.WithDemo())
        {
            Check.That(!context.HasDetector, "no detector yet");
            context.LoadDetector(null);
            Check.That(context.HasDetector, "a detector");
            Followed(context, photo);
            Steadied(context, photo);
            Changed(context, photo);
        }
    }

    private static SapiensStreamOptions Tracking()
    {
        return new SapiensStreamOptions { Tasks = SapiensTask.Pose, Detect = true, Track = true };
    }

    private static SapiensResult Look(SapiensStream stream, string photo)
    {
        stream.SubmitFile(photo);
        SapiensResult result = stream.Poll(SapiensStream.WaitForever);
        Check.Equal(SapiensStatus.Ok, result.Info.Status, "status: " + result.Message);
        return result;
    }

    private static void Followed(SapiensContext context, string photo)
    {
        SapiensStreamOptions options = Tracking();
        options.DetectEvery = 3;
        options.Filter = new SapiensFilterOptions();
        using (SapiensStream stream = context.CreateStream(options))
        {
            for (int i = 0; i < 4; i++)
            {
                using (SapiensResult result = Look(stream, photo))
                {
                    SapiensPerson person = result.Person(0);
                    Check.Equal(i % 3 == 0, result.Info.DetectorRan, "the detector rests");
                    Check.Equal(1L, person.Id, "the id");
                    Check.Equal(SapiensTrackState.Confirmed, person.State, "the state");
                    Check.Equal(i % 3 == 0 ? SapiensBoxOrigin.Detector : SapiensBoxOrigin.Keypoints, person.Origin, "the origin");
                    SapiensPose raw;
                    SapiensPose calm;
                    Check.That(result.TryGetPose(0, out raw) && result.TryGetFilteredPose(0, out calm) && raw.Count == calm.Count
                        && raw[0].Score == calm[0].Score, "both poses");
                    Check.That(result.ToJson().Contains("\"filtered\": ["), "JSON");
                }
            }
            Check.That(stream.Statistics.DetectorRuns == 2, "runs of the detector");
        }
    }

    private static void Steadied(SapiensContext context, string photo)
    {
        SapiensStreamOptions options = Tracking();
        options.Tasks = SapiensTask.Pose | SapiensTask.Pointmap;
        options.Framing = SapiensFraming.Crop;
        options.MapFilter = new SapiensMapFilterOptions { Maps = SapiensTask.Pointmap };
        options.BatchMemory = 1;
        using (SapiensStream stream = context.CreateStream(options))
        {
            for (int i = 0; i < 2; i++)
            {
                using (SapiensResult result = Look(stream, photo))
                {
                    SapiensMap raw;
                    SapiensMap calm;
                    SapiensPointsCheck check;
                    Check.That(result.TryGetMap(0, SapiensMapKind.Points, out raw)
                        && result.TryGetFilteredMap(0, SapiensMapKind.Points, out calm) && raw.Width == calm.Width
                        && raw.Data != calm.Data && raw.TimestampNs == calm.TimestampNs, "both maps");
                    Check.That(!result.TryGetFilteredMap(SapiensResult.Scene, SapiensMapKind.Points, out calm), "no scene");
                    Check.That(result.TryGetPointsCheck(0, out check) && check.IsValid && check.Factor > 0.9f, "the check");
                    Check.Equal(i == 0 ? SapiensAgreement.First : SapiensAgreement.Agrees, check.Agreement, "agreement");
                    Check.That(!result.TryGetPointsCheck(SapiensResult.Scene, out check), "no check of the scene");
                }
            }
        }
    }

    private static void Changed(SapiensContext context, string photo)
    {
        using (SapiensStream stream = context.CreateStream(new SapiensStreamOptions { Tasks = SapiensTask.Pose }))
        {
            SapiensStreamOptions people = Tracking();
            people.DetectEvery = 100;
            using (SapiensResult result = Look(stream, photo))
            {
                Check.Equal(0L, result.Person(0).Id, "nobody is tracked");
            }
            stream.SetPeople(people);
            using (SapiensResult result = Look(stream, photo))
            {
                Check.Equal(1L, result.Person(0).Id, "from now on");
            }
            stream.ExpectEntry();
            using (SapiensResult result = Look(stream, photo))
            {
                Check.That(result.Info.DetectorRan, "the detector looks again");
            }
            people.MaxPeople = 5000;
            Check.Throws<System.ArgumentException>(() => stream.SetPeople(people), "max_people 5000");
            Check.Throws<System.ArgumentNullException>(() => stream.SetPeople(null), "options");
        }
    }
}
