using System;
using System.Collections.Generic;
using UnityEngine;

namespace Sapiens.Unity
{
    /// <summary>A bone of a Humanoid and the two keypoints it points along, in words; the library is asked which keypoints
    /// these are, for the left and the right.</summary>
    [Serializable]
    public struct SapiensBoneRule
    {
        [Tooltip("Unity's name of the bone without the side, such as UpperArm.")]
        public string bone;
        [Tooltip("Unity's name of the bone at its end, without the side.")]
        public string end;
        [Tooltip("Word of the keypoint at its beginning.")]
        public string from;
        [Tooltip("Word of the keypoint at its end.")]
        public string to;
    }

    /// <summary>Turns the bones of a Humanoid so that they point as the person's do. Needs a model with poses and one with points
    /// (metric positions). The character starts from its rest pose in every frame, so nothing adds up. Hands, feet, head and the
    /// turn of a bone around itself are left at rest: two keypoints do not say them.</summary>
    [AddComponentMenu("Sapiens/Sapiens Pose Driver")]
    [RequireComponent(typeof(Animator))]
    public sealed class SapiensPoseDriver : MonoBehaviour
    {
        private const string Left = "Left";
        private const string Right = "Right";

        [SerializeField] private SapiensCamera sapiensCamera;
        [SerializeField] private int person;
        [Tooltip("Keypoints below this score do not move a bone.")]
        [SerializeField] private float scoreThreshold = 0.3f;
        [Tooltip("Part of the way to the new pose per frame: 1 follows at once, less is calmer.")]
        [Range(0.05f, 1f)] [SerializeField] private float response = 0.5f;
        [Tooltip("The character follows the person through space, relative to this place of the camera.")]
        [SerializeField] private Transform cameraPlace;
        [SerializeField] private bool moveRoot;
        [SerializeField] private SapiensBoneRule[] rules =
        {
            new SapiensBoneRule { bone = "UpperArm", end = "LowerArm", from = "shoulder", to = "elbow" },
            new SapiensBoneRule { bone = "LowerArm", end = "Hand", from = "elbow", to = "wrist" },
            new SapiensBoneRule { bone = "UpperLeg", end = "LowerLeg", from = "hip", to = "knee" },
            new SapiensBoneRule { bone = "LowerLeg", end = "Foot", from = "knee", to = "ankle" },
        };
        [Tooltip("Words of the keypoints that turn the trunk.")]
        [SerializeField] private string hip = "hip";
        [SerializeField] private string shoulder = "shoulder";

        private struct Bone
        {
            internal Transform Transform;
            internal Transform End;
            internal int From;
            internal int To;
            internal Quaternion Rest;
            internal Quaternion Shown;
        }

        private Bone[] bones = new Bone[0];
        private int[] trunk;
        private Transform hips;
        private Quaternion hipsRest;
        private Quaternion hipsShown;
        private Vector3[] points;
        private bool[] isSeen;
        private int[] places;
        private int placesCount;
        private SapiensCamera listened;
        private bool isDriven;

        /// <summary>The rules that found no keypoint or no bone, for the inspector.</summary>
        public IReadOnlyList<string> Unresolved
        {
            get { return unresolved; }
        }

        private readonly List<string> unresolved = new List<string>();

        /// <summary>Follows another camera.</summary>
        public void Follow(SapiensCamera from)
        {
            Ignore();
            sapiensCamera = from;
            Listen();
        }

        private void OnEnable()
        {
            Resolve(GetComponent<Animator>());
            Listen();
        }

        private void OnDisable()
        {
            Ignore();
            isDriven = false;
        }

        private void Listen()
        {
            if (isActiveAndEnabled && sapiensCamera != null && listened == null)
            {
                listened = sapiensCamera;
                listened.ResultReceived += OnResult;
            }
        }

        private void Ignore()
        {
            if (listened != null)
            {
                listened.ResultReceived -= OnResult;
                listened = null;
            }
        }

        private void Resolve(Animator animator)
        {
            unresolved.Clear();
            if (!animator.isHuman)
            {
                throw new InvalidOperationException("the Animator of " + name + " has no Humanoid avatar: set the model's rig to Humanoid");
            }
            points = new Vector3[SapiensSkeleton.Keypoints.Count];
            isSeen = new bool[points.Length];
            trunk = new[] { Keypoint(Left, hip), Keypoint(Right, hip), Keypoint(Left, shoulder), Keypoint(Right, shoulder) };
            hips = animator.GetBoneTransform(HumanBodyBones.Hips);
            hipsRest = hipsShown = hips.localRotation;
            var found = new List<Bone>();
            foreach (SapiensBoneRule rule in rules)
            {
                foreach (string side in new[] { Left, Right })
                {
                    var bone = new Bone
                    {
                        Transform = Place(animator, side + rule.bone), End = Place(animator, side + rule.end),
                        From = Keypoint(side, rule.from), To = Keypoint(side, rule.to),
                    };
                    if (bone.Transform == null || bone.End == null || bone.From < 0 || bone.To < 0)
                    {
                        unresolved.Add(side + rule.bone);
                        continue;
                    }
                    bone.Rest = bone.Shown = bone.Transform.localRotation;
                    found.Add(bone);
                }
            }
            bones = found.ToArray();
        }

        private static Transform Place(Animator animator, string bone)
        {
            HumanBodyBones number;
            return Enum.TryParse(bone, out number) ? animator.GetBoneTransform(number) : null;
        }

        private static int Keypoint(string side, string word)
        {
            return SapiensSkeleton.Find(SapiensKeypointGroup.Body, side, word);
        }

        private void OnResult(SapiensCamera from, SapiensResult result)
        {
            SapiensPose pose;
            SapiensMap map;
            isDriven = person < result.Info.PersonCount && result.TryGetPose(person, out pose) &&
                result.TryGetMapOrScene(person, SapiensMapKind.Points, out map) && Lift(ref pose, ref map);
        }

        /// <summary>Keypoints in space: what the map of points has where they are seen.</summary>
        private bool Lift(ref SapiensPose pose, ref SapiensMap map)
        {
            bool any = false;
            for (int i = 0; i < points.Length; i++)
            {
                int at = pose.Count == points.Length ? i : PlaceIn(pose.Count, i);
                SapiensKeypoint keypoint = at < 0 ? new SapiensKeypoint() : pose[at];
                SapiensVector point = new SapiensVector();
                isSeen[i] = at >= 0 && keypoint.Score >= scoreThreshold && UnitySpace.TryGetPoint(ref map, keypoint.X, keypoint.Y, out point);
                Vector3 inCamera = point.ToVector3();
                points[i] = cameraPlace == null ? inCamera : cameraPlace.TransformPoint(inCamera);
                any |= isSeen[i];
            }
            return any;
        }

        /// <summary>Where the keypoint of Sapiens2 is in a pose of another set (Sapiens v1), or -1. Asked once per set.</summary>
        private int PlaceIn(int count, int keypoint)
        {
            if (placesCount != count)
            {
                places = new int[points.Length];
                for (int i = 0; i < places.Length; i++)
                {
                    places[i] = SapiensSkeleton.Counterpart(points.Length, i, count);
                }
                placesCount = count;
            }
            return places[keypoint];
        }

        // Behind the Animator, which would overwrite it.
        private void LateUpdate()
        {
            if (!isDriven)
            {
                return;
            }
            TurnTrunk();
            for (int i = 0; i < bones.Length; i++)
            {
                bones[i].Transform.localRotation = bones[i].Rest;
            }
            for (int i = 0; i < bones.Length; i++)
            {
                Aim(ref bones[i]);
            }
        }

        private void TurnTrunk()
        {
            foreach (int index in trunk)
            {
                if (index < 0 || !isSeen[index])
                {
                    hips.localRotation = hipsShown;
                    return;
                }
            }
            Vector3 middle = (points[trunk[0]] + points[trunk[1]]) * 0.5f;
            Vector3 up = (points[trunk[2]] + points[trunk[3]]) * 0.5f - middle;
            Vector3 forward = Vector3.Cross(points[trunk[1]] - points[trunk[0]], up);
            if (forward.sqrMagnitude < 1e-8f || up.sqrMagnitude < 1e-8f)
            {
                return;
            }
            hips.localRotation = hipsRest;
            Quaternion turn = Quaternion.LookRotation(forward, up) * Quaternion.Inverse(transform.rotation);
            hips.rotation = turn * hips.rotation;
            hipsShown = hips.localRotation = Quaternion.Slerp(hipsShown, hips.localRotation, response);
            if (moveRoot)
            {
                hips.position = Vector3.Lerp(hips.position, middle, response);
            }
        }

        private void Aim(ref Bone bone)
        {
            if (isSeen[bone.From] && isSeen[bone.To])
            {
                Vector3 now = bone.End.position - bone.Transform.position;
                Vector3 wanted = points[bone.To] - points[bone.From];
                bone.Transform.rotation = Quaternion.FromToRotation(now, wanted) * bone.Transform.rotation;
                bone.Shown = Quaternion.Slerp(bone.Shown, bone.Transform.localRotation, response);
            }
            bone.Transform.localRotation = bone.Shown;
        }
    }
}
