using Sapiens.Interop;

namespace Sapiens
{
    /// <summary>What a stream has done. Times are moving averages in milliseconds, 0 before the first.</summary>
    public struct SapiensStatistics
    {
        internal SapiensStatistics(ref NativeStatistics native)
        {
            Submitted = (long)native.submitted;
            Completed = (long)native.completed;
            Failed = (long)native.failed;
            DroppedFrames = (long)native.dropped_frames;
            DroppedResults = (long)native.dropped_results;
            Cancelled = (long)native.cancelled;
            Waiting = (int)native.waiting;
            Working = (int)native.working;
            Finished = (int)native.finished;
            WaitMs = native.wait_ms;
            ConvertMs = native.convert_ms;
            PreprocessMs = native.preprocess_ms;
            ModelMs = native.model_ms;
            PostprocessMs = native.postprocess_ms;
            TotalMs = native.total_ms;
            Tracks = (int)native.tracks;
            DetectorRuns = (long)native.detector_runs;
            DetectMs = native.detect_ms;
            ModelLoads = (long)native.model_loads;
            LoadMs = native.load_ms;
        }

        public readonly long Submitted;
        public readonly long Completed;

        /// <summary>Frames that gave a result with a fault in it.</summary>
        public readonly long Failed;

        /// <summary>Frames dropped before they were worked on.</summary>
        public readonly long DroppedFrames;

        /// <summary>Results dropped because nobody fetched them.</summary>
        public readonly long DroppedResults;

        public readonly long Cancelled;
        public readonly int Waiting;
        public readonly int Working;

        /// <summary>Results that wait to be fetched.</summary>
        public readonly int Finished;

        public readonly double WaitMs;
        public readonly double ConvertMs;
        public readonly double PreprocessMs;
        public readonly double ModelMs;
        public readonly double PostprocessMs;

        /// <summary>From submit to the finished result.</summary>
        public readonly double TotalMs;

        /// <summary>People tracked in the newest frame, hidden ones too.</summary>
        public readonly int Tracks;

        /// <summary>Frames that the detector looked at.</summary>
        public readonly long DetectorRuns;

        /// <summary>The detector, averaged over all frames.</summary>
        public readonly double DetectMs;

        /// <summary>Models loaded again for a frame because they had been evicted.</summary>
        public readonly long ModelLoads;

        /// <summary>What that took, averaged over all frames.</summary>
        public readonly double LoadMs;
    }
}
