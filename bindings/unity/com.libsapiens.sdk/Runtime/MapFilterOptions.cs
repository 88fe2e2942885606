// How maps are steadied: begins with the library's defaults.
using Sapiens.Interop;

namespace Sapiens
{
    /// <summary>How normals and pointmaps are steadied over time, and which of them.</summary>
    public sealed unsafe class SapiensMapFilterOptions
    {
        public SapiensMapFilterOptions()
        {
            SapiensLibrary.Check();
            NativeMapFilterOptions native;
            Fault.Check(Native.sapiens_map_filter_options_default(out native, (uint)sizeof(NativeMapFilterOptions)));
            Maps = SapiensTask.Normal | SapiensTask.Pointmap;
            NormalTime = native.normal_time_s;
            NormalStillDegrees = native.normal_still_degrees;
            NormalMovingDegrees = native.normal_moving_degrees;
            PointsTime = native.points_time_s;
            PointsMaxFactor = native.points_max_factor;
            PointsTolerance = native.points_tolerance_m;
            PointsMaxMisfits = native.points_max_misfits;
            ResetAfterMs = (int)native.reset_after_ms;
        }

        /// <summary>Which: Normal, Pointmap or both.</summary>
        public SapiensTask Maps { get; set; }

        /// <summary>Normals older than this have faded to a third: seconds.</summary>
        public float NormalTime { get; set; }

        /// <summary>Up to this angle between the old and the new normal the surface counts as at rest.</summary>
        public float NormalStillDegrees { get; set; }

        /// <summary>From this angle on it has moved, and the new normal stands alone.</summary>
        public float NormalMovingDegrees { get; set; }

        /// <summary>Scales of pointmaps older than this have faded to a third: seconds.</summary>
        public float PointsTime { get; set; }

        /// <summary>Scales further apart than this factor are not blended.</summary>
        public float PointsMaxFactor { get; set; }

        /// <summary>Points further apart than this in depth do not fit: metres.</summary>
        public float PointsTolerance { get; set; }

        /// <summary>Share of points that do not fit above which two pointmaps disagree.</summary>
        public float PointsMaxMisfits { get; set; }

        /// <summary>After a gap longer than this the filters begin anew, in milliseconds.</summary>
        public int ResetAfterMs { get; set; }

        internal NativeMapFilterOptions ToNative()
        {
            return new NativeMapFilterOptions
            {
                struct_size = (uint)sizeof(NativeMapFilterOptions), normal_time_s = NormalTime,
                normal_still_degrees = NormalStillDegrees, normal_moving_degrees = NormalMovingDegrees,
                points_time_s = PointsTime, points_max_factor = PointsMaxFactor, points_tolerance_m = PointsTolerance,
                points_max_misfits = PointsMaxMisfits,
                reset_after_ms = SapiensStreamOptions.Count(ResetAfterMs, "options.MapFilter.ResetAfterMs"),
            };
        }
    }
}
