// How a pointmap goes with the one before.
using Sapiens.Interop;

namespace Sapiens
{
    /// <summary>How a pointmap goes with the one before of the same person or scene.</summary>
    [NativeTwin("SapiensAgreement")]
    public enum SapiensAgreement
    {
        /// <summary>There is none before, or not in time.</summary>
        First = 0, // SAPIENS_AGREEMENT_FIRST

        /// <summary>The same body, at most at another scale.</summary>
        Agrees = 1, // SAPIENS_AGREEMENT_AGREES

        /// <summary>The same body at a scale so different that it was not blended.</summary>
        ScaleJump = 2, // SAPIENS_AGREEMENT_SCALE_JUMP

        /// <summary>Another shape: a limb has flipped in depth, or it is somebody else.</summary>
        Disagrees = 3, // SAPIENS_AGREEMENT_DISAGREES

        /// <summary>Too few points lie in both to tell.</summary>
        TooFew = 4, // SAPIENS_AGREEMENT_TOO_FEW
    }

    /// <summary>What the comparison of a pointmap with the one before has said.</summary>
    public struct SapiensPointsCheck
    {
        internal SapiensPointsCheck(ref NativePointsCheck native)
        {
            Agreement = (SapiensAgreement)native.agreement;
            IsValid = native.is_valid != 0;
            Factor = native.factor;
            Misfits = native.misfits;
            Compared = (int)native.compared;
            TimestampNs = native.timestamp_ns;
            AgeFrames = (int)native.age_frames;
        }

        public readonly SapiensAgreement Agreement;

        /// <summary>False: the two show different shapes; trust neither.</summary>
        public readonly bool IsValid;

        /// <summary>What the raw points were multiplied by to get the steadied ones.</summary>
        public readonly float Factor;

        /// <summary>Share of the compared points that do not fit, 0 to 1.</summary>
        public readonly float Misfits;

        public readonly int Compared;

        public readonly long TimestampNs;

        /// <summary>Frames since the one it was made from: 0 for this one.</summary>
        public readonly int AgeFrames;
    }
}
