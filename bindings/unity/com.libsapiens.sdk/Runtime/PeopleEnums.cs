// The enumerations of sapiens.h about people in a stream; tests compare them with the header.
using Sapiens.Interop;

namespace Sapiens
{
    /// <summary>Whom the tasks of a stream look at, of the people it tracks.</summary>
    [NativeTwin("SapiensPersonPolicy")]
    public enum SapiensPersonPolicy
    {
        All = 0, // SAPIENS_PERSON_POLICY_ALL

        /// <summary>The largest boxes, by area.</summary>
        Largest = 1, // SAPIENS_PERSON_POLICY_LARGEST

        /// <summary>The nearest to the camera: the highest boxes.</summary>
        Nearest = 2, // SAPIENS_PERSON_POLICY_NEAREST

        /// <summary>Those whose boxes have their centre nearest to a point.</summary>
        NearestTo = 3, // SAPIENS_PERSON_POLICY_NEAREST_TO
    }

    /// <summary>Where the box of a person comes from.</summary>
    [NativeTwin("SapiensBoxOrigin")]
    public enum SapiensBoxOrigin
    {
        /// <summary>It is the whole image: nobody said where people are.</summary>
        Image = 0, // SAPIENS_BOX_ORIGIN_IMAGE

        /// <summary>It came with the frame.</summary>
        Host = 1, // SAPIENS_BOX_ORIGIN_HOST

        /// <summary>The detector found it in this frame.</summary>
        Detector = 2, // SAPIENS_BOX_ORIGIN_DETECTOR

        /// <summary>It is around the keypoints found where the person was expected.</summary>
        Keypoints = 3, // SAPIENS_BOX_ORIGIN_KEYPOINTS

        /// <summary>Nothing was found in this frame: it is where the motion leads.</summary>
        Prediction = 4, // SAPIENS_BOX_ORIGIN_PREDICTION
    }

    /// <summary>How sure it is that somebody is there.</summary>
    [NativeTwin("SapiensTrackState")]
    public enum SapiensTrackState
    {
        /// <summary>The stream does not track.</summary>
        None = 0, // SAPIENS_TRACK_STATE_NONE

        /// <summary>New: seen once, which may have been an error.</summary>
        Tentative = 1, // SAPIENS_TRACK_STATE_TENTATIVE

        /// <summary>Seen often enough, and now.</summary>
        Confirmed = 2, // SAPIENS_TRACK_STATE_CONFIRMED

        /// <summary>Looked for and not found: hidden or gone. Has no pose; keeps the id if it comes back.</summary>
        Lost = 3, // SAPIENS_TRACK_STATE_LOST
    }
}
