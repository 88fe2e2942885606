// How keypoints are steadied: begins with the library's defaults.
using Sapiens.Interop;

namespace Sapiens
{
    /// <summary>A One-Euro filter: calm where a keypoint rests, quick where it moves.</summary>
    public struct SapiensOneEuro
    {
        /// <summary>Cutoff at rest in Hz: lower is calmer and slower.</summary>
        public float MinCutoffHz;

        /// <summary>How much the cutoff grows with speed: Hz per person height per second.</summary>
        public float Beta;

        /// <summary>Cutoff of the speed itself in Hz.</summary>
        public float SpeedCutoffHz;

        internal static SapiensOneEuro Of(NativeOneEuro native)
        {
            return new SapiensOneEuro { MinCutoffHz = native.min_cutoff_hz, Beta = native.beta, SpeedCutoffHz = native.speed_cutoff_hz };
        }

        internal NativeOneEuro ToNative()
        {
            return new NativeOneEuro { min_cutoff_hz = MinCutoffHz, beta = Beta, speed_cutoff_hz = SpeedCutoffHz };
        }
    }

    /// <summary>How keypoints are steadied.</summary>
    public sealed unsafe class SapiensFilterOptions
    {
        public SapiensFilterOptions()
        {
            SapiensLibrary.Check();
            NativeFilterOptions native;
            Fault.Check(Native.sapiens_filter_options_default(out native, (uint)sizeof(NativeFilterOptions)));
            Body = SapiensOneEuro.Of(native.body);
            Feet = SapiensOneEuro.Of(native.feet);
            Hands = SapiensOneEuro.Of(native.hands);
            Face = SapiensOneEuro.Of(native.face);
            MinScore = native.min_score;
            HoldMs = (int)native.hold_ms;
            ResetAfterMs = (int)native.reset_after_ms;
        }

        /// <summary>Trunk, arms, legs.</summary>
        public SapiensOneEuro Body { get; set; }

        public SapiensOneEuro Feet { get; set; }

        /// <summary>Fingers.</summary>
        public SapiensOneEuro Hands { get; set; }

        /// <summary>The dense face, eyes, ears and nose.</summary>
        public SapiensOneEuro Face { get; set; }

        /// <summary>Keypoints with a score below this are not believed: their last place is held, and fades.</summary>
        public float MinScore { get; set; }

        /// <summary>How long that takes, in milliseconds.</summary>
        public int HoldMs { get; set; }

        /// <summary>After a gap longer than this the filter begins anew, in milliseconds.</summary>
        public int ResetAfterMs { get; set; }

        internal NativeFilterOptions ToNative()
        {
            return new NativeFilterOptions
            {
                struct_size = (uint)sizeof(NativeFilterOptions), body = Body.ToNative(), feet = Feet.ToNative(),
                hands = Hands.ToNative(), face = Face.ToNative(), min_score = MinScore,
                hold_ms = SapiensStreamOptions.Count(HoldMs, "options.Filter.HoldMs"),
                reset_after_ms = SapiensStreamOptions.Count(ResetAfterMs, "options.Filter.ResetAfterMs"),
            };
        }
    }
}
